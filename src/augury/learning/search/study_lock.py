"""The lock of a study's journal: held by the operating system, so that it falls with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["StudyLock"]


class StudyLock:
    """An exclusive `flock` on a file of its own, in the form that Optuna's journal wants.

    Waiting processes go on at once when the holder ends or is killed. Optuna's own locks are files that a killed
    process leaves behind, so that the others wait 30 seconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def acquire(self) -> bool:
        """Wait for the lock and take it."""
        found = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o644)
        fcntl.flock(found, fcntl.LOCK_EX)
        self._held = found
        return True

    def release(self) -> None:
        """Let it go."""
        if self._held is not None:
            os.close(self._held)
            self._held = None
