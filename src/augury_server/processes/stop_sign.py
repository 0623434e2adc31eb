"""A flag that may be raised in a signal handler."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue

__all__ = ["StopSign"]


class StopSign:
    """What `threading.Event` is to threads, for signal handlers as well.

    A handler runs in the midst of whatever the main thread does. `Event.set` takes a lock that `Event.wait` may hold at
    that moment, and then waits for ever; `SimpleQueue.put` may interrupt anything, itself included.
    """

    def __init__(self) -> None:
        self._raised = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Raise it, for good."""
        self._raised = True
        self._bell.put(None)

    def is_set(self) -> bool:
        """Whether it was raised."""
        return self._raised

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is raised; whether it is. One thread waits at a time."""
        if not self._raised:
            with suppress(Empty):
                self._bell.get(timeout=seconds)
        return self._raised
