"""A reader of a session's answers as they come: a bounded queue, and what happens when it is not emptied."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Subscription"]


class Subscription:
    """Answers wait here, id and JSON, at most `limit` of them; one more ends the subscription with "slow".

    `ended` says why it is over: "" while it goes on, "slow", "gone" (the session was deleted or forgotten) or
    "stopping" (this process is). What waits can still be read after the end. Ids that jump tell that answers between
    were not kept.
    """

    __slots__ = ("_event", "_limit", "_room", "_waiting", "ended")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._event, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self.ended = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, update_id: int, answer: bytes) -> None:
        """Put one answer in, unless the subscription has ended."""
        if self.ended:
            return
        if len(self._waiting) >= self._limit:
            self.end("slow")
            return
        self._waiting.append((update_id, answer))
        self._event.set()
        if 2 * len(self._waiting) >= self._limit:
            self._room.clear()

    def end(self, why: str) -> None:
        """Nothing more comes."""
        self.ended = self.ended or why
        self._event.set()
        self._room.set()

    async def room(self) -> None:
        """Wait until it is less than half full, or has ended: for who brings about answers and reads them too."""
        await self._room.wait()

    async def next(self, timeout: float | None = None) -> tuple[int, bytes] | None:
        """The next answer; None when none came within `timeout` seconds or none will (see `ended`)."""
        while not self._waiting:
            if self.ended:
                return None
            self._event.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._event.wait()
            except TimeoutError:
                return None
        found = self._waiting.popleft()
        if 2 * len(self._waiting) < self._limit:
            self._room.set()
        return found
