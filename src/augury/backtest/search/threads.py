"""Work in threads, which kernels share well because they do without the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeAlias

__all__ = ["Track", "in_threads", "threads"]

Track: TypeAlias = Callable[[Iterable[Any], int], Iterable[Any]]
"""`track(items, total)` yields the items and shows progress."""


def threads() -> int:
    """How many threads are worth using."""
    return os.cpu_count() or 1


def in_threads(tasks: Iterable[Callable[[], None]], track: Track) -> None:
    """Run all tasks; the first error, or an interrupt, cancels those not begun."""
    with ThreadPoolExecutor(threads()) as pool:
        running = [pool.submit(task) for task in tasks]
        try:
            for done in track(as_completed(running), len(running)):
                done.result()
        except BaseException:
            for future in running:
                future.cancel()
            raise
