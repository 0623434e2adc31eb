"""How the benchmarks of kernels take CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["best_of"]


def best_of(work: Callable[[], object], repeats: int) -> float:
    """The least CPU seconds of this thread over some calls: what is left when the machine does not disturb."""
    best = float("inf")
    for _ in range(repeats):
        started = time.thread_time()
        work()
        best = min(best, time.thread_time() - started)
    return best
