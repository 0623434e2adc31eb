"""Slow bodies: one timer looks after all requests that wait for a piece of theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augury_server.api.call import Call

__all__ = ["Watch"]

_EVERY_SECONDS = 0.1


class Watch:
    """Requests that wait for their body, each with the time at which it is overdue.

    A request is entered and taken out at every piece, so both are a dictionary's; the timer runs while any waits. One
    that is overdue has its waiting task cancelled, which `Call.receive` turns into the problem.
    """

    __slots__ = ("_timer", "clock", "waiting")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.waiting: dict[Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """See that the timer runs."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_EVERY_SECONDS, self._look)

    def stop(self) -> None:
        """End the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self.clock()
        for call, until in tuple(self.waiting.items()):
            if now >= until and call.task is not None and not call.overdue:
                call.overdue = True
                call.task.cancel()
        if self.waiting:
            self.wake()
