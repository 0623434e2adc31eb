"""Work beside the answers, which no answer waits for and whose failure touches none."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from augury_server.telemetry.logs import get_log

__all__ = ["Beside"]

log = get_log(__name__)


class Beside:
    """Runs what is added, at most `most` at once: then whoever adds waits, so that a backlog cannot grow for ever.

    What fails is counted; the first failure of each kind is logged.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self.done = 0
        self.failed = 0

    async def add(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Begin some work about `what`; waits only while too much is under way."""
        while len(self._tasks) >= self._most:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._guarded(work, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait until all of it is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _guarded(self, work: Coroutine[Any, Any, None], what: str) -> None:
        try:
            await work
            self.done += 1
        except Exception as error:  # noqa: BLE001 - it is only beside: whatever happens, answers go on
            self.failed += 1
            kind = f"{what} {type(error).__name__}"
            if kind not in self._told:
                self._told.add(kind)
                log.warning("a version scored beside failed", model=what, reason=f"{type(error).__name__}: {error}")
