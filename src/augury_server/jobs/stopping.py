"""One bit that a worker's main process shows to its children: stop."""

from __future__ import annotations

import mmap

__all__ = ["StopSign"]


class StopSign:
    """Shared by every process forked after it was made; once shown it stays."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    def show(self) -> None:
        """Ask running jobs to come to an end; safe in a signal handler."""
        self._memory[0] = 1

    def shown(self) -> bool:
        """Whether the worker is stopping."""
        return bool(self._memory[0])
