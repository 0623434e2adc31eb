"""The platform's health as of a moment ago: looked at once for all who ask, in bounded time, with since when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from augury_server.api.conditions import (
    Finding,
    database_findings,
    database_unknown,
    memory_findings,
    redis_findings,
)
from augury_server.api.state import State
from augury_server.api.work_threads import WorkThreads

__all__ = ["HealthWatch", "watch_of"]

_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0


class HealthWatch:
    """Looks at most once a second, however many ask; a part that does not answer in two seconds is away.

    `since` says from when on each part has not been up. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        state: State,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._state, self._clock, self._now = state, clock, now
        self._threads = WorkThreads("health", threads=2, waiting=0)
        self._looking: asyncio.Task[tuple[Finding, ...]] | None = None
        self._slow: dict[str, asyncio.Task[Sequence[Finding]]] = {}
        self._found: tuple[Finding, ...] = ()
        self._looked_at = float("-inf")
        self.since: dict[str, datetime] = {}

    async def findings(self) -> tuple[Finding, ...]:
        """How every part stands, at most a second old."""
        if self._clock() - self._looked_at < _FRESH_SECONDS:
            return self._found
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def stop(self) -> None:
        """Wait no longer for looks that are under way."""
        under_way = [*self._slow.values(), *([self._looking] if self._looking else [])]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _look(self) -> tuple[Finding, ...]:
        settings = self._state.settings
        late = f"no answer within {_PATIENCE_SECONDS:g} s"
        stalled = (Finding(name="redis", state="away", text=late, level="error"),)
        database, redis = await asyncio.gather(
            self._in_time("database", database_findings, database_unknown(late)),
            self._in_time("redis", lambda: redis_findings(settings), stalled),
        )
        found = (*memory_findings(self._state), *database, *redis)
        moment = self._now()
        self.since = {one.name: self.since.get(one.name, moment) for one in found if one.state not in ("up", "off")}
        self._found, self._looked_at = found, self._clock()
        return found

    async def _in_time(
        self, name: str, look: Callable[[], Sequence[Finding]], otherwise: Sequence[Finding]
    ) -> Sequence[Finding]:
        """What a look in a thread finds; `otherwise` when it takes too long, as long as it does."""
        task = self._slow.get(name)
        if task is None:
            task = self._slow[name] = asyncio.create_task(self._threads.run(look))
        done, _ = await asyncio.wait((task,), timeout=_PATIENCE_SECONDS)
        if not done:
            return otherwise
        del self._slow[name]
        return task.result()


_watches: WeakKeyDictionary[State, HealthWatch] = WeakKeyDictionary()


def watch_of(state: State) -> HealthWatch:
    """The one watch of an application."""
    watch = _watches.get(state)
    if watch is None:
        watch = _watches[state] = HealthWatch(state)
    return watch
