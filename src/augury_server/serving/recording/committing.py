"""Group commit: callers wait together for one write to disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from augury.errors import Unavailable
from augury_server.serving.recording.spill import SpillLog

__all__ = ["Commits"]

_GROUP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Commit:
    frames: Sequence[bytes]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]


class Commits:
    """Frames whose callers wait until they are on disk. `problem` says why the last group was not kept, else empty."""

    def __init__(self) -> None:
        self._waiting: deque[_Commit] = deque()
        self.problem = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frames: Sequence[bytes]) -> asyncio.Future[None]:
        """Join the next group; the future, of the running loop, is done when the frames are on disk."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append(_Commit(frames, loop, future))
        return future

    def commit(self, spill: SpillLog) -> int:
        """Put all that waits on disk, in as few writes as its size allows; returns how many frames were kept."""
        kept = 0
        while group := self._take():
            frames = [frame for one in group for frame in one.frames]
            problem: str | None = "an unexpected error; see the log"
            try:
                spill.append(frames)
                kept, problem = kept + len(frames), None
            except Unavailable as error:
                problem = str(error)
            finally:
                _settle(group, problem)
                self.problem = problem or ""
        return kept

    def refuse(self, reason: str) -> None:
        """Tell all that wait that nothing was kept."""
        while group := self._take():
            _settle(group, reason)

    def _take(self) -> list[_Commit]:
        group: list[_Commit] = []
        size = 0
        with suppress(IndexError):  # another thread may take the last one
            while self._waiting and size < _GROUP_BYTES:
                group.append(self._waiting.popleft())
                size += sum(map(len, group[-1].frames))
        return group


def _settle(group: list[_Commit], reason: str | None) -> None:
    """Wake the callers, each on its own loop; one call a loop."""
    for loop in dict.fromkeys(one.loop for one in group):
        futures = [one.future for one in group if one.loop is loop]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_wake, futures, reason)


def _wake(futures: list[asyncio.Future[None]], reason: str | None) -> None:
    for future in futures:
        if future.done():  # cancelled meanwhile
            continue
        if reason is None:
            future.set_result(None)
        else:
            future.set_exception(Unavailable(reason))
