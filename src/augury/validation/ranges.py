"""Repetitions dealt out to threads in ranges; kernels release the GIL and each repetition has a stream of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from augury.errors import InvalidInput

__all__ = ["in_ranges"]


def in_ranges(work: Callable[[int, int], None], count: int, threads: int | None) -> None:
    """Call `work(first, last)` on consecutive ranges that cover [0, count), one thread a range.

    `threads` None means every core this process may use. The work must not depend on how the range is cut.
    """
    if threads is not None and threads < 1:
        raise InvalidInput(f"threads should be at least 1 (or None for all cores), got {threads}")
    number = min(threads or _cores(), max(count, 1))
    if number == 1:
        work(0, count)
        return
    cuts = [count * part // number for part in range(number + 1)]
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))


def _cores() -> int:
    """Cores this process may use; systems that cannot tell give all of them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
