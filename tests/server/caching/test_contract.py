"""The contract against a model: whatever fails, moves or is damaged, no answer is too old, invalidated or another's."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import redis
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from augury.errors import Unavailable
from augury_server.caching import Cache, invalidations, key_of, layered
from augury_server.caching.invalidations import Invalidations, View
from augury_server.caching.memory_tier import NearEntry
from augury_server.caching.models import CacheClock, CacheEntry, CacheLease, CacheTag

CHECK_SECONDS = 1.0
TAGS = ("bars", "news", "model")
PARTS = {
    ("a", 1): ("bars",), ("a", 2): ("bars", "news"), ("b", 1): ("news", "model"), ("b", 2): (),
}  # fmt: skip
PROCESSES = 3


@dataclass(frozen=True)
class Run:
    """One computation: its number is the value."""

    number: int
    part: tuple[str, int]
    began: float
    after: int


@dataclass(frozen=True)
class Struck:
    """One invalidation."""

    number: int
    parts: frozenset[tuple[str, int]]
    process: int
    at: float


class Contract(RuleBasedStateMachine):
    """Three processes over one database and one Redis; the model is a list of computations and one of invalidations."""

    server: Any = None
    make_stores: Any = None

    @initialize()
    def start(self) -> None:
        for model in (CacheClock, CacheTag, CacheEntry, CacheLease):
            model.objects.all().delete()
        self.stores = type(self).make_stores(self.server)
        self.caches = [
            self.stores.cache(memory_megabytes=megabytes, compress_above_bytes=0, check_seconds=CHECK_SECONDS)
            for megabytes in (64, 0.003, 0)
        ]
        self.clients = [cache.redis.client for cache in self.caches]
        self.direct = redis.Redis(port=self.server.port)
        self.runs: list[Run] = []
        self.struck: list[Struck] = []
        self.database_away = ExitStack()
        self.is_database_away = False

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.database_away.close()
            for cache, client in zip(self.caches, self.clients, strict=True):
                cache.redis.client = client
            self.stores.close()
            self.direct.close()

    # ---- what people do

    @rule(process=st.integers(0, PROCESSES - 1), part=st.sampled_from(list(PARTS)), ttl=st.sampled_from([5, 60]))
    def ask(self, process: int, part: tuple[str, int], ttl: int) -> None:
        self._ask(process, part, ttl)

    @rule(process=st.integers(0, PROCESSES - 1), part=st.sampled_from(list(PARTS)))
    def ask_twice(self, process: int, part: tuple[str, int]) -> None:
        """Asked again at once, nothing is computed, unless nothing can be kept."""
        first = self._ask(process, part, 60)
        again = self._ask(process, part, 60)
        if process == 0 and not self.is_database_away:
            assert again == first

    @precondition(lambda self: not self.is_database_away)
    @rule(
        process=st.integers(0, PROCESSES - 1), part=st.sampled_from(list(PARTS)), tag=st.sampled_from(TAGS),
        by=st.integers(0, PROCESSES - 1), late=st.sampled_from([0.0, 0.5, 6.0]),
    )  # fmt: skip
    def ask_overtaken(self, process: int, part: tuple[str, int], tag: str, by: int, late: float) -> None:
        """Somebody invalidates while the value is being computed, and time passes."""

        def meanwhile() -> None:
            self._strike([tag], by)
            self.stores.hands.move(late)

        self._ask(process, part, 60, meanwhile)

    @precondition(lambda self: not self.is_database_away)
    @rule(process=st.integers(0, PROCESSES - 1), tag=st.sampled_from(TAGS))
    def invalidate(self, process: int, tag: str) -> None:
        self._strike([tag], process)

    @precondition(lambda self: not self.is_database_away)
    @rule(process=st.integers(0, PROCESSES - 1), name=st.sampled_from("ab"))
    def invalidate_name(self, process: int, name: str) -> None:
        self.caches[process].invalidate_name(name)
        self._note({part for part in PARTS if part[0] == name}, process)

    @precondition(lambda self: not self.is_database_away)
    @rule(process=st.integers(0, PROCESSES - 1), tag=st.sampled_from(TAGS), part=st.sampled_from(list(PARTS)))
    def roll_back(self, process: int, tag: str, part: tuple[str, int]) -> None:
        """An invalidation and a computation within a transaction that never happened."""
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            self.caches[process].invalidate_tags(tag)
            self.caches[process].get_or_compute(self._key(part), lambda: -1, ttl=60, tags=(*PARTS[part], tag))
            raise RuntimeError("rolled back")

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 4.0, 20.0, 60.0]))
    def wait(self, seconds: float) -> None:
        self.stores.hands.move(seconds)

    # ---- what goes wrong

    @rule(process=st.integers(0, PROCESSES - 1))
    def lose_redis(self, process: int) -> None:
        """Nobody listens there any more, for one process."""
        gone = redis.Redis(port=1, socket_connect_timeout=0.2, retry=None)
        self.caches[process].redis.client = gone

    @rule()
    def redis_returns(self) -> None:
        """With everything that it held."""
        for cache, client in zip(self.caches, self.clients, strict=True):
            cache.redis.client = client
        self.stores.hands.move(10)

    @rule()
    def redis_is_emptied(self) -> None:
        self.direct.flushall()

    @precondition(lambda self: not self.is_database_away)
    @rule()
    def lose_database(self) -> None:
        def refuse(*_: Any) -> None:
            raise OperationalError("the server closed the connection")

        self.database_away.enter_context(connection.execute_wrapper(refuse))
        self.is_database_away = True

    @precondition(lambda self: self.is_database_away)
    @rule()
    def cannot_invalidate(self) -> None:
        with pytest.raises(Unavailable):
            self.caches[0].invalidate_tags("bars")

    @precondition(lambda self: self.is_database_away)
    @rule()
    def database_returns(self) -> None:
        self.database_away.close()
        self.is_database_away = False
        self.stores.hands.move(10)

    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        """A bit flips in a row or in Redis."""
        names = sorted(self.direct.keys("*:v:*"))
        if names:
            name = data.draw(st.sampled_from(names))
            self.direct.set(name, _flipped(self.direct.get(name), data))
        if not self.is_database_away:
            for row in CacheEntry.objects.order_by("key")[:1]:
                row.sealed = _flipped(bytes(row.sealed), data)
                row.save()

    # ---- the model

    def _key(self, part: tuple[str, int]) -> Any:
        return key_of(part[0], versions={"v": 1}, number=part[1])

    def _strike(self, tags: list[str], process: int) -> None:
        self.caches[process].invalidate_tags(*tags)
        self._note({part for part, own in PARTS.items() if set(own) & set(tags)}, process)

    def _note(self, parts: set[tuple[str, int]], process: int) -> None:
        number = len(self.struck)
        self.struck.append(Struck(number, frozenset(parts), process, self.stores.hands.ticks))

    def _ask(self, process: int, part: tuple[str, int], ttl: float, meanwhile: Any = lambda: None) -> int:
        asked_at, known = self.stores.hands.wall, len(self.struck)

        def compute() -> int:
            run = Run(len(self.runs), part, self.stores.hands.wall, len(self.struck))
            self.runs.append(run)
            meanwhile()
            return run.number

        value = self.caches[process].get_or_compute(self._key(part), compute, ttl=ttl, tags=PARTS[part])
        run = self.runs[value]
        assert value >= 0
        assert run.part == part
        assert run.began >= asked_at or asked_at - run.began < ttl
        for one in self.struck[run.after : known]:  # what happened after the computation began and before the question
            if part in one.parts:
                assert one.process != process
                assert self.stores.hands.ticks - one.at < CHECK_SECONDS
        return value


def _flipped(content: bytes, data: st.DataObject) -> bytes:
    place = data.draw(st.integers(0, 8 * len(content) - 1))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def run_contract(make_stores: Any, server: Any, examples: int, **more: Any) -> None:
    Contract.server, Contract.make_stores = server, staticmethod(make_stores)
    run_state_machine_as_test(
        Contract,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), **more,
        ),
    )  # fmt: skip


@pytest.mark.usefixtures("sqlite_platform")
def test_no_answer_breaks_the_contract_whatever_happens(redis_server: Any, make_stores: Any) -> None:
    run_contract(make_stores, redis_server, 40)


def forget_invalidations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(View, "note", lambda *_: None)


def fence_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of invalidations is read when a value is stored instead of when its computation began."""
    store = Cache._store

    def later(self: Cache, ask: Any, entry: NearEntry) -> None:
        view = self.invalidations.refreshed()
        header = msgspec.structs.replace(entry.header, fence=view.seen if view else 0)
        store(self, ask, NearEntry(header, entry.payload, entry.deadline))

    monkeypatch.setattr(Cache, "_store", later)


def never_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The view is not looked up anew while Redis answers: what Redis missed is never learnt."""
    monkeypatch.setattr(Invalidations, "current", lambda self: self.view if self.view.lineage else self.refreshed())


def store_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layered, "after_commit", lambda work: work())
    monkeypatch.setattr(invalidations, "own_invalidations", dict)


DEFECTS = [
    forget_invalidations,
    fence_at_the_end,
    never_look,
    store_before_the_commit,
]


@pytest.mark.usefixtures("sqlite_platform")
@pytest.mark.parametrize("defect", DEFECTS)
def test_the_model_finds_a_planted_defect(
    defect: Any, monkeypatch: pytest.MonkeyPatch, redis_server: Any, make_stores: Any
) -> None:
    defect(monkeypatch)
    with pytest.raises((AssertionError, IndexError, KeyError, TypeError)):
        run_contract(
            make_stores, redis_server, 200, phases=[Phase.generate], derandomize=True, report_multiple_bugs=False
        )
