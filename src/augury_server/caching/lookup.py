"""Looking for an entry, tier by tier, and judging whether it may be believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from augury_server.caching.database_tier import DatabaseTier
from augury_server.caching.envelope import DamagedEntry, Header, open_sealed
from augury_server.caching.figures import Figures
from augury_server.caching.invalidations import Invalidations, View
from augury_server.caching.keys import Key
from augury_server.caching.leases import Lease
from augury_server.caching.memory_tier import MemoryTier, NearEntry
from augury_server.caching.redis_tier import RedisTier
from augury_server.caching.sharing import Sharing
from augury_server.caching.values import DamagedValue, decode_value

__all__ = ["SKEW_SECONDS", "Ask", "Found", "Lookup", "Tiers", "namespace_of"]

SKEW_SECONDS = 2.0
"""So far may another host's clock be ahead: entries from later are not believed; a step back of more is noticed."""


class Ask(NamedTuple):
    """What somebody asks for: a key, at most `ttl` seconds old, none of `tags` invalidated since, within `reach`.

    `lease` is the one under which it is computed, to be given back with what is stored.
    """

    key: Key
    tags: tuple[str, ...]
    ttl: float
    reach: str
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A valid entry of a far tier."""

    header: Header
    payload: bytes
    value: Any
    sealed: bytes
    tier: str


@dataclass(frozen=True, slots=True)
class Tiers:
    """The three tiers."""

    memory: MemoryTier
    redis: RedisTier
    database: DatabaseTier


class Lookup:
    """Reads of all tiers; `wall` and `ticks` are the clocks, `sharing` is told what far looks take."""

    def __init__(
        self,
        tiers: Tiers,
        invalidations: Invalidations,
        figures: Figures,
        wall: Callable[[], float],
        ticks: Callable[[], float],
        sharing: Sharing,
    ) -> None:
        self._tiers, self._invalidations, self._figures = tiers, invalidations, figures
        self._wall, self._ticks, self._sharing = wall, ticks, sharing
        self._told = 0

    def near(self, ask: Ask, view: View, *, again: bool = False) -> NearEntry | None:
        """A valid entry of this process's memory; `again`: a second look, whose miss is not counted."""
        began = time.perf_counter_ns()
        entry = self._tiers.memory.read(ask.key)
        took = time.perf_counter_ns() - began
        if entry is None:
            if not again:
                self._figures.missed("memory", took)
            return None
        header = entry.header
        lived = self._ticks() - entry.deadline + header.expires_at - header.computed_at
        if lived < ask.ttl and self._holds(header, ask, view):
            self._figures.hit("memory", len(entry.payload), header.cost_seconds, took)
            return entry
        self.drop(ask, "outdated")
        return None

    def far(self, ask: Ask) -> Found | None:
        """A valid entry of Redis or the database."""
        if ask.reach == "process":
            return None
        redis, found = self._tiers.redis, None
        if redis.client is not None:
            began = time.perf_counter_ns()
            sealed, told = redis.read(namespace_of(self._invalidations.view), ask.key)
            self._listen(told)
            found = self._judged(ask, sealed, "redis", again=False, began=began)
        if found is None and (ask.reach == "durable" or not redis.up):
            found = self._read_database(ask, again=False)
        return found

    def far_or_lease(self, ask: Ask, lease: Lease, *, again: bool = False) -> tuple[Found | None, bool | None]:
        """A valid entry of Redis or the database, or whether the lease to compute it is ours now.

        The lease is one of Redis, of the database while Redis is away. Nobody who had it before can have stored an
        entry that this did not see. False: somebody else has it; None: both are away. `again`: a look while waiting,
        whose misses are not counted.
        """
        redis, taken = self._tiers.redis, None
        if redis.client is not None:
            found, taken = self._redis_or_lease(ask, lease, again=again)
            if found is not None:
                return found, taken
        if ask.reach == "durable" or not redis.up:
            found = self._read_database(ask, again=again)
            if found is not None:
                return found, taken
        if taken is None:
            taken = self._tiers.database.acquire(lease.name, lease.holder, lease.seconds)
            if taken:
                lease.store = self._tiers.database
                return self._read_database(ask, again=True), taken
        return None, taken

    def _redis_or_lease(self, ask: Ask, lease: Lease, *, again: bool) -> tuple[Found | None, bool | None]:
        redis, began = self._tiers.redis, time.perf_counter_ns()
        namespace = namespace_of(self._invalidations.view)
        sealed, told, taken = redis.read_or_lease(namespace, ask.key, lease)
        self._listen(told)
        found = self._judged(ask, sealed, "redis", again=again, began=began)
        if found is None and sealed is not None and redis.up:  # there, but not to be believed
            began = time.perf_counter_ns()
            sealed, _, taken = redis.read_or_lease(namespace, ask.key, lease, anyway=True)
            found = self._judged(ask, sealed, "redis", again=True, began=began)
        return found, taken

    def _read_database(self, ask: Ask, *, again: bool) -> Found | None:
        began = time.perf_counter_ns()
        return self._judged(ask, self._tiers.database.read(ask.key), "database", again=again, began=began)

    def promote(self, ask: Ask, found: Found) -> None:
        """Copy an entry to the tiers nearer than its own; it keeps its deadline."""
        left = found.header.expires_at - self._wall()
        if left <= 0:
            return
        entry = NearEntry(found.header, found.payload, self._ticks() + left)
        if self._tiers.memory.write(ask.key, entry):
            self.wrote("memory", len(found.payload))
        if found.tier == "database" and self._tiers.redis.write(
            namespace_of(self._invalidations.view), ask.key, found.sealed, left, ask.lease
        ):
            self.wrote("redis", len(found.sealed))

    def drop(self, ask: Ask, reason: str) -> None:
        """Remove an entry of memory that is not valid and count why."""
        self._figures.add("memory.misses")
        self._figures.add(f"memory.{reason}")
        self._tiers.memory.remove(ask.key)

    def wrote(self, tier: str, size: int) -> None:
        """Count a write."""
        self._figures.add(f"{tier}.writes")
        self._figures.add(f"{tier}.bytes_written", size)

    def _listen(self, told: int) -> None:
        """Look for invalidations when Redis was told of more than this process knows; once for each thing told."""
        if told > self._invalidations.view.seen and told != self._told:
            self._told = told
            self._invalidations.refreshed()

    def _judged(self, ask: Ask, sealed: bytes | None, tier: str, *, again: bool, began: int) -> Found | None:
        found = None if sealed is None else self._opened(ask, sealed, tier)
        took = time.perf_counter_ns() - began
        self._sharing.looked(took / 1e9)
        if found is not None and sealed is not None:
            self._figures.hit(tier, len(sealed), found.header.cost_seconds, took)
        elif not again:
            self._figures.missed(tier, took)
        return found

    def _opened(self, ask: Ask, sealed: bytes, tier: str) -> Found | None:
        try:
            header, payload = open_sealed(ask.key, sealed)
            if not self._believed(header, ask):
                self._figures.add(f"{tier}.outdated")
                return None
            return Found(header, payload, decode_value(payload), sealed, tier)
        except (DamagedEntry, DamagedValue):
            self._figures.add(f"{tier}.corrupt")
            if tier == "redis":
                self._tiers.redis.remove(namespace_of(self._invalidations.view), ask.key)
            else:
                self._tiers.database.remove(ask.key)
            return None

    def _believed(self, header: Header, ask: Ask) -> bool:
        view = self._invalidations.current()
        if view is not None and header.fence > view.seen:  # somebody knows more than we do
            view = self._invalidations.refreshed()
        return view is not None and self._holds(header, ask, view)

    def _holds(self, header: Header, ask: Ask, view: View) -> bool:
        if header.lineage != view.lineage or header.fence > view.seen:
            return False
        if not header.computed_at - SKEW_SECONDS <= self._wall() < header.computed_at + ask.ttl:
            return False
        if self._wall() >= header.expires_at:
            return False
        return view.valid(header.fence, (*header.tags, *(f"t:{tag}" for tag in ask.tags)))


def namespace_of(view: View) -> str:
    """What the names in Redis begin with: the count that their fences belong to."""
    return f"augury:cache:{view.lineage}"
