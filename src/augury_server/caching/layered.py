"""The cache: memory, then Redis, then the database, one computation for all who ask, and nothing that is not true."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from augury.errors import InvalidInput, Unavailable
from augury_server.caching.borrowed import in_transaction
from augury_server.caching.breaker import Breaker
from augury_server.caching.database_tier import DatabaseTier
from augury_server.caching.envelope import Header, seal
from augury_server.caching.figures import Figures
from augury_server.caching.flights import Flights
from augury_server.caching.invalidations import Invalidations, View, after_commit, record_invalidation
from augury_server.caching.keys import EVERYTHING, Key, checked_name, checked_tag, key_tag, name_of, name_tag, own_tags
from augury_server.caching.leases import Lease, Leases
from augury_server.caching.lookup import SKEW_SECONDS, Ask, Found, Lookup, Tiers, namespace_of
from augury_server.caching.memory_tier import MemoryTier, NearEntry
from augury_server.caching.redis_tier import RedisTier
from augury_server.caching.sharing import Sharing
from augury_server.caching.values import decode_value, encode_value
from augury_server.settings.sections import CacheSettings

__all__ = ["MAX_TTL_SECONDS", "Cache", "Clocks", "Reach"]

T = TypeVar("T")
Reach: TypeAlias = Literal["process", "shared", "durable", "adaptive"]
"""How far a value goes: this process; Redis (the database while it is away); Redis and the database.

"adaptive" is "shared" for names whose values take longer to compute than to fetch, "process" for the others, as this
process measures it: then each process computes its own, at once with others if they ask at once.
"""

MAX_TTL_SECONDS = 30 * 86_400.0
"""No entry lives longer, so that invalidations older than this can be forgotten."""

_LARGEST_BYTES = 64 * 2**20
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.004, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Where the cache takes its times from: `wall` in seconds since 1970 (UTC), `ticks` monotonic; `sleep` waits."""

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Cache:
    """A cache that cannot lie; one for each process, all over the same database and, if there is one, the same Redis.

    A value is returned only if its key (versions, watermark and all) is the one asked for, it is younger than the asker
    allows, counted from the moment its computation began, and none of its tags was invalidated after that moment. In
    the process that invalidates this holds from the commit on, in others from `check_seconds` after it at the latest.
    None is a value like any other; exceptions are never stored. Whatever cannot be verified is computed.

    `compute` must read its inputs itself, when it is called. Within a transaction nothing is stored before it commits
    and nothing at all if it is rolled back.
    """

    def __init__(
        self,
        settings: CacheSettings,
        *,
        redis: Any = None,
        clocks: Clocks | None = None,
        figures: Figures | None = None,
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        """Tiers by the settings; `redis` is a client or None, `asked` is called at the end of every ask."""
        self._settings, self._clocks, self._asked = settings, clocks or Clocks(), asked
        ticks = self._clocks.ticks
        self.figures = figures if figures is not None else Figures()
        self.memory = MemoryTier(int(settings.memory_megabytes * 2**20), self.figures, ticks)
        self.redis = RedisTier(redis, Breaker(ticks=ticks), self.figures)
        self.database = DatabaseTier(Breaker(ticks=ticks), Breaker(ticks=ticks), self.figures, self._clocks.wall)
        self.invalidations = Invalidations(
            check_seconds=settings.check_seconds, breaker=Breaker(ticks=ticks), changed=self.memory.clear, ticks=ticks
        )
        tiers = Tiers(self.memory, self.redis, self.database)
        self.sharing = Sharing()
        self._lookup = Lookup(tiers, self.invalidations, self.figures, self._clocks.wall, ticks, self.sharing)
        self._ahead = self._clocks.wall() - ticks()
        self._leases = Leases(settings.lease_seconds)
        self._flights = Flights(ticks)

    def get_or_compute(
        self,
        key: Key,
        compute: Callable[[], T],
        *,
        ttl: float | None = None,
        tags: Iterable[str] = (),
        reach: Reach = "durable",
    ) -> T:
        """The value of `key`, at most `ttl` seconds old (the setting `cache.ttl_seconds` by default), or computed now.

        Whoever asks for the same while it is being computed, in any thread or process, waits for that computation;
        after `wait_seconds` it computes itself. Callers of one process who wait share its exception; other processes
        try themselves. Raises InvalidInput for a malformed key, tag or ttl and for a value whose type is not storable.
        """
        ask = Ask(key, tuple(tags), self._settings.ttl_seconds if ttl is None else ttl, reach)
        self.figures.add("asks")
        try:
            view = self.invalidations.current()
            found = None if view is None else self._lookup.near(ask, view)
            if found is not None:
                value: T = decode_value(found.payload)
                return value
            return self._fly(self._within_reach(_checked(ask)), compute, view)
        finally:
            self._asked()

    def invalidate_tags(self, *tags: str) -> int:
        """Make every entry with one of the tags invalid, in all tiers and processes; the number of this invalidation.

        Within a transaction it takes part in it: call it where the data change, and last, because other invalidations
        wait for the end of the transaction. Raises Unavailable when the database does not answer: nothing happened.
        """
        return self._invalidate([checked_tag(tag) for tag in tags])

    def invalidate_name(self, name: str) -> int:
        """Invalidate every entry whose name is `name` or begins with it and a dot."""
        return self._invalidate([name_tag(checked_name(name))])

    def invalidate_key(self, key: Key) -> int:
        """Invalidate one entry."""
        return self._invalidate([key_tag(key)])

    def invalidate_all(self) -> int:
        """Invalidate every entry there is."""
        return self._invalidate([EVERYTHING])

    def _invalidate(self, tags: list[str]) -> int:
        if not tags:
            raise InvalidInput("expected at least one tag to invalidate, got none")
        self.figures.add("invalidations")
        sequence = record_invalidation(tags)
        after_commit(lambda: self._tell(sequence))
        return sequence

    def _tell(self, sequence: int) -> None:
        view = self.invalidations.refreshed()
        if view is None:
            self.invalidations.distrust()
        else:
            self.redis.tell(namespace_of(view), sequence)

    def _fly(self, ask: Ask, compute: Callable[[], T], view: View | None) -> T:
        """Join whoever in this process asks for the same under the same invalidations, or go first."""
        tags = own_tags(ask.key, ask.tags)
        view = self._trusted(view)
        generation = -1 if view is None else view.newest(tags)
        flight, first = self._flights.join((ask, generation))
        if first:
            with self._flights.flown(flight):
                value, flight.payload = self._find_or_compute(ask, compute, tags, generation)
            return value
        began = time.perf_counter()
        payload = flight.wait(self._settings.wait_seconds)
        self.figures.add("waits")
        self.figures.add("waited_seconds", time.perf_counter() - began)
        if payload is None:
            self.figures.add("gave_up")
            return self._compute(ask, compute, tags)[0]
        if self._clocks.ticks() - flight.began_at >= ask.ttl:  # it may be older than we may take
            return self._fly(ask, compute, self.invalidations.current())
        shared: T = decode_value(payload)
        return shared

    def _trusted(self, view: View | None) -> View | None:
        """The view, or a later one in which everything is invalid because the wall clock was set back meanwhile.

        Entries would look younger than they are by that step. None when this could not be recorded.
        """
        ahead = self._clocks.wall() - self._clocks.ticks()
        if ahead > self._ahead - SKEW_SECONDS:
            self._ahead = ahead
            return view
        try:
            self.invalidate_all()
        except Unavailable:
            return None
        self._ahead = ahead
        return self.invalidations.current()

    def _within_reach(self, ask: Ask) -> Ask:
        if ask.reach != "adaptive":
            return ask
        return ask._replace(reach="shared" if self.sharing.worth(name_of(ask.key)) else "process")

    def _find_or_compute(
        self, ask: Ask, compute: Callable[[], T], tags: tuple[str, ...], generation: int
    ) -> tuple[T, bytes | None]:
        view = self.invalidations.current() if generation >= 0 else None
        if view is not None:
            near = self._lookup.near(ask, view, again=True)  # somebody may have landed just before us
            if near is not None:
                return decode_value(near.payload), near.payload
        if ask.reach == "process" or generation < 0 or in_transaction():
            found = None if view is None else self._lookup.far(ask)
            return self._compute(ask, compute, tags) if found is None else self._kept_value(ask, found)
        found, lease = self._find_or_lease(ask, generation)
        with self._leases.kept(lease):
            under = ask if lease is None else ask._replace(lease=lease)
            return self._compute(under, compute, tags) if found is None else self._kept_value(under, found)

    def _kept_value(self, ask: Ask, found: Found) -> tuple[Any, bytes]:
        self._lookup.promote(ask, found)
        return found.value, found.payload

    def _find_or_lease(self, ask: Ask, generation: int) -> tuple[Found | None, Lease | None]:
        """What is there or comes while somebody else computes it; otherwise a lease to compute it, if there is one.

        Neither when the wait grew too long or no store answers. A lease's name tells the generation: who asks after an
        invalidation does not wait for who began before it.
        """
        began, waited = self._clocks.ticks(), False
        name = f"{namespace_of(self.invalidations.view)}:lease:{ask.key}:{generation}"
        pause = _FIRST_POLL_SECONDS
        try:
            while not waited or self._clocks.ticks() - began < self._settings.wait_seconds:
                lease = self._leases.wanted(name)
                found, taken = self._lookup.far_or_lease(ask, lease, again=waited)
                if found is not None or taken or taken is None:
                    return found, lease if taken else None
                waited = True
                self._clocks.sleep(pause)
                pause = min(1.5 * pause, _LONGEST_POLL_SECONDS)
            self.figures.add("gave_up")
            return None, None
        finally:
            if waited:
                self.figures.add("waits")
                self.figures.add("waited_seconds", self._clocks.ticks() - began)

    def _compute(self, ask: Ask, compute: Callable[[], T], tags: tuple[str, ...]) -> tuple[T, bytes | None]:
        """Compute, and store what may be stored.

        A view from before says of fewer invalidations than have happened, so that what is stored under its number is
        at worst invalid too soon. Not so in a transaction, which may see a state older than the view: it looks anew.
        """
        view = self.invalidations.refreshed() if in_transaction() else self.invalidations.current()
        fence = view.seen if view is not None else -1
        began, ticked, timed = self._clocks.wall(), self._clocks.ticks(), time.perf_counter()
        try:
            value = compute()
        except BaseException:
            self.figures.add("failed")
            raise
        finally:
            cost = time.perf_counter() - timed
            self.figures.add("computed")
            self.figures.add("computing_seconds", cost)
            self.sharing.computed(name_of(ask.key), cost)
        payload = encode_value(value)
        if view is None:
            self.figures.add("unverified")
            return value, payload
        header = Header(began, began + ask.ttl, view.lineage, fence, tags, cost, len(payload))
        entry = NearEntry(header, payload, ticked + ask.ttl)
        after_commit(lambda: self._store(ask, entry))
        return value, payload

    def _store(self, ask: Ask, entry: NearEntry) -> None:
        """Store an entry in the tiers within reach, unless it is too old already or was invalidated meanwhile."""
        header, view = entry.header, self.invalidations.current()
        if view is None or header.lineage != view.lineage or not view.valid(header.fence, header.tags):
            self.figures.add("fenced")
            return
        left = min(entry.deadline - self._clocks.ticks(), header.expires_at - self._clocks.wall())
        if left <= 0:
            self.figures.add("late")
            return
        if self.memory.write(ask.key, entry):
            self._lookup.wrote("memory", len(entry.payload))
        if ask.reach == "process" or len(entry.payload) > _LARGEST_BYTES:
            return
        sealed = seal(ask.key, header, entry.payload, self._settings.compress_above_bytes)
        in_redis = self.redis.write(namespace_of(view), ask.key, sealed, left, ask.lease)
        if in_redis:
            self._lookup.wrote("redis", len(sealed))
        if (ask.reach == "durable" or not in_redis) and self.database.write(ask.key, header, sealed, ask.lease):
            self._lookup.wrote("database", len(sealed))


def _checked(ask: Ask) -> Ask:
    if not 0 < ask.ttl <= MAX_TTL_SECONDS:
        raise InvalidInput(f"ttl should be more than 0 and at most {MAX_TTL_SECONDS:.0f} seconds, got {ask.ttl!r}")
    if ask.reach not in get_args(Reach):
        raise InvalidInput(f"reach should be {', '.join(get_args(Reach))}, got {ask.reach!r}")
    return ask
