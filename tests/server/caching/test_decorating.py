"""The decorator, warming and figures over all processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury.errors import Conflict, InvalidInput, NotFound
from augury.spec import Spec
from augury_server.caching import cached, register_warmer, statistics, storable, warm
from augury_server.caching.current import use_cache
from augury_server.caching.figures import Figures, merge
from augury_server.caching.models import CacheEntry, CacheTag
from augury_server.caching.reporting import Reporter
from augury_server.caching.retention import RULES
from augury_server.caching.warming import _warmers
from augury_server.database.retention import apply_retention


@pytest.fixture
def one(stores: Any) -> Iterator[Any]:
    """The cache of this process."""
    made = stores.cache()
    use_cache(made)
    yield made
    use_cache(None)
    _warmers.clear()


def test_a_function_is_computed_once_for_equal_arguments_however_they_are_passed(one: Any) -> None:
    runs = []

    @cached("bench.sums", versions={"code": 1}, ttl=60)
    def add(first: int, second: int = 2, *, third: int = 3) -> int:
        """Adds."""
        runs.append(1)
        return first + second + third

    assert [add(1), add(1, 2), add(first=1, third=3), add(1, second=2)] == [6, 6, 6, 6]
    assert len(runs) == 1
    assert add(1, third=4) == 7
    assert add.__doc__ == "Adds."
    assert one.figures.counts["asks"] == 5


def test_versions_tags_and_watermark_may_depend_on_the_arguments(one: Any) -> None:
    reached = {"AAPL": 1}
    runs = []

    @cached(
        "bench.read",
        versions=lambda symbol: {"model": len(symbol)},
        tags=lambda symbol: (f"bars:{symbol}",),
        watermark=lambda symbol: reached[symbol],
    )
    def read(symbol: str) -> int:
        runs.append(symbol)
        return len(runs)

    assert [read("AAPL"), read("AAPL")] == [1, 1]
    reached["AAPL"] = 2
    assert read("AAPL") == 2
    one.invalidate_tags("bars:AAPL")
    assert read("AAPL") == 3


@storable
@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Spec):
    bars: int = 5
    factor: float = 1.0

    @cached("bench.window", versions={"code": 1})
    def scaled(self, value: float) -> float:
        return self.bars * self.factor * value


class Service:
    @cached("bench.service", versions={"code": 1})
    def answer(self) -> int:
        return 42


def test_a_method_of_a_record_is_kept_by_what_the_record_holds(one: Any) -> None:
    assert Window(bars=5).scaled(2.0) == 10.0
    assert Window(bars=5).scaled(2.0) == 10.0
    assert one.figures.counts["computed"] == 1
    assert Window(bars=6).scaled(2.0) == 12.0


def test_a_method_of_an_object_without_identity_is_refused(one: Any) -> None:
    with pytest.raises(InvalidInput, match="identity is not known"):
        Service().answer()


def test_warmers_fill_what_is_missing_alone_and_one_that_fails_stops_no_other(one: Any, key: Any) -> None:
    def fill() -> None:
        for number in range(5):
            one.get_or_compute(key(n=number), lambda number=number: number)

    def fail() -> None:
        raise NotFound("no bars of XYZ")

    register_warmer("features.last", fill)
    register_warmer("features.none", fail)
    register_warmer("features.last", fill)
    with pytest.raises(Conflict):
        register_warmer("features.last", fail)
    one.get_or_compute(key(n=0), lambda: 0)
    first, second = warm()
    assert (first.name, first.asks, first.computed, first.error) == ("features.last", 5, 4, "")
    assert second.error == "no bars of XYZ"
    assert warm(["features.last"])[0].computed == 0
    with pytest.raises(NotFound, match=r"features\.last"):
        warm(["features.lost"])


def test_figures_of_all_processes_are_summed(one: Any, stores: Any, key: Any) -> None:
    other = stores.cache()
    one.get_or_compute(key(), lambda: 1)
    one.get_or_compute(key(), lambda: 1)
    other.get_or_compute(key(), lambda: 1)
    reporters = [Reporter(one.figures), Reporter(other.figures)]
    for reporter in reporters:
        reporter.write()
        reporter.write()
    found = statistics()
    assert (found.processes, found.asks, found.computed) == (2, 3, 1)
    assert found.hit_ratio == pytest.approx(2 / 3)
    tiers = {tier.tier: tier for tier in found.tiers}
    assert (tiers["memory"].hits, tiers["database"].hits, tiers["redis"].hits) == (1, 1, 0)
    assert tiers["memory"].p50_us is not None
    assert statistics(now=lambda: datetime.now(UTC) + timedelta(days=2)).processes == 0


def test_a_reporter_writes_when_it_is_time(one: Any, stores: Any, key: Any) -> None:
    one.get_or_compute(key(), lambda: 1)
    reporter = Reporter(one.figures, every_seconds=15, ticks=lambda: stores.hands.ticks)
    reporter.tick()
    assert statistics().processes == 0
    stores.hands.move(15)
    reporter.tick()
    assert statistics().processes == 1


def test_quantiles_are_right_to_a_factor_of_the_square_root_of_two() -> None:
    figures = Figures()
    times = [1_000 * n for n in range(1, 1001)]
    for time in times:
        figures.missed("redis", time)
    tier = next(tier for tier in merge([figures.plain()]).tiers if tier.tier == "redis")
    assert tier.p50_us == pytest.approx(500, rel=0.42)
    assert tier.p95_us == pytest.approx(950, rel=0.42)
    assert tier.hit_ratio == 0


def test_retention_takes_what_is_over_and_no_invalidation_that_an_entry_may_still_need(one: Any, key: Any) -> None:
    one.get_or_compute(key(), lambda: 1, ttl=60, tags=("bars",))
    one.invalidate_tags("bars")
    now = datetime.now(UTC)
    CacheEntry.objects.update(expires_at=now - timedelta(days=2))
    done = {rule.name: sum(one.deleted for one in apply_retention(now, only=rule.name)) for rule in RULES}
    assert done == {"cache.entries": 1, "cache.figures": 0, "cache.leases": 0, "cache.tags": 0}
    apply_retention(now + timedelta(days=32), only="cache.tags")
    assert CacheTag.objects.count() == 0
