"""What the cache promises, on both engines, with time that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import pytest
from django.db import transaction

from augury.errors import InvalidInput
from augury_server.caching import envelope
from augury_server.caching.invalidations import new_lineage
from augury_server.caching.lookup import Found, Lookup
from augury_server.caching.models import CacheEntry, CacheTag


class Counted:
    """A computation that says how often it ran; its value is the number of the run."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> int:
        self.runs += 1
        return self.runs


class RolledBackError(Exception):
    """The end of a transaction that never happened."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that is rolled back at its end."""
    with pytest.raises(RolledBackError), transaction.atomic():  # noqa: PT012
        yield
        raise RolledBackError


def never() -> int:
    raise AssertionError("this was to come from the cache")


def test_a_value_is_computed_once_and_reaches_another_process(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(), Counted()
    assert [one.get_or_compute(key(), compute) for _ in range(3)] == [1, 1, 1]
    assert other.get_or_compute(key(), never) == 1
    assert other.get_or_compute(key(), never) == 1
    assert other.figures.counts["database.hits"] == 1
    assert other.figures.counts["memory.hits"] == 1


def test_age_counts_from_the_computation_not_from_the_copy(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(), Counted()
    one.get_or_compute(key(), compute, ttl=60)
    stores.hands.move(59)
    assert (
        other.get_or_compute(key(), never, ttl=60) == 1
    )  # promoted from the database to the memory of another process
    stores.hands.move(1)
    assert other.get_or_compute(key(), compute, ttl=60) == 2


def test_a_copy_that_lives_as_long_as_a_new_value_would_be_noticed(
    stores: Any, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = Lookup.promote

    def renewed(self: Lookup, ask: Any, found: Found) -> None:
        now = self._wall()
        header = msgspec.structs.replace(found.header, computed_at=now, expires_at=now + ask.ttl)
        promote(self, ask, Found(header, found.payload, found.value, found.sealed, found.tier))

    monkeypatch.setattr(Lookup, "promote", renewed)
    with pytest.raises(AssertionError):
        test_age_counts_from_the_computation_not_from_the_copy(stores, key)


def test_age_counts_from_when_the_computation_began(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()

    def slow() -> int:
        stores.hands.move(50)
        return compute()

    assert cache.get_or_compute(key(), slow, ttl=60) == 1
    stores.hands.move(9)
    assert cache.get_or_compute(key(), never, ttl=60) == 1
    stores.hands.move(1)
    assert cache.get_or_compute(key(), compute, ttl=60) == 2


def test_a_computation_longer_than_the_ttl_is_returned_but_not_kept(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()

    def slow() -> int:
        stores.hands.move(61)
        return compute()

    assert [cache.get_or_compute(key(), slow, ttl=60) for _ in range(2)] == [1, 2]
    assert cache.figures.counts["late"] == 2


def test_an_asker_who_wants_it_younger_does_not_get_the_older_value(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(), Counted()
    one.get_or_compute(key(), compute, ttl=3600)
    stores.hands.move(10)
    assert other.get_or_compute(key(), never, ttl=3600) == 1
    assert one.get_or_compute(key(), compute, ttl=10) == 2
    stores.hands.move(9)
    assert other.get_or_compute(key(), compute, ttl=10) == 2


def test_a_wall_clock_set_back_does_not_lengthen_a_life(stores: Any, key: Any) -> None:
    cache, other, compute = stores.cache(), stores.cache(), Counted()
    cache.get_or_compute(key(), compute, ttl=60)
    stores.hands.wall -= 3600
    assert other.get_or_compute(key(), compute, ttl=60) == 2  # from the future: not believed
    stores.hands.ticks += 60
    assert other.get_or_compute(key(), compute, ttl=60) == 3  # its wall clock stood still, its time did not


def test_another_version_or_watermark_is_another_value(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    assert cache.get_or_compute(key(watermark=1), compute) == 1
    assert cache.get_or_compute(key(watermark=2), compute) == 2
    assert cache.get_or_compute(key(watermark=1), never) == 1


def test_invalidation_holds_at_once_here_and_elsewhere_after_the_bound(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(), Counted()
    for cache in (one, other):
        cache.get_or_compute(key(), compute, tags=("bars:AAPL",))
    one.invalidate_tags("bars:AAPL")
    assert other.get_or_compute(key(), never, tags=("bars:AAPL",)) == 1  # the bound is not over
    assert one.get_or_compute(key(), compute, tags=("bars:AAPL",)) == 2
    stores.hands.move(0.999)
    assert other.get_or_compute(key(), never, tags=("bars:AAPL",)) == 1
    stores.hands.move(0.001)
    assert other.get_or_compute(key(), compute, tags=("bars:AAPL",)) == 2


def test_a_bound_of_zero_looks_every_time(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(check_seconds=0), Counted()
    other.get_or_compute(key(), compute, tags=("bars",))
    one.invalidate_tags("bars")
    assert other.get_or_compute(key(), compute, tags=("bars",)) == 2


def test_only_what_has_the_tag_is_invalidated(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    for symbol in ("AAPL", "MSFT"):
        cache.get_or_compute(key(symbol=symbol), compute, tags=(f"bars:{symbol}", "bars"))
    cache.invalidate_tags("bars:AAPL")
    assert cache.get_or_compute(key(symbol="MSFT"), never, tags=("bars:MSFT", "bars")) == 2
    assert cache.get_or_compute(key(symbol="AAPL"), compute, tags=("bars:AAPL", "bars")) == 3


def test_a_tag_that_only_the_asker_names_counts_too(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    cache.get_or_compute(key(), compute)
    cache.invalidate_tags("news")
    assert cache.get_or_compute(key(), never) == 1
    assert cache.get_or_compute(key(), compute, tags=("news",)) == 2


@pytest.mark.parametrize(
    ("invalidate", "gone"),
    [
        (lambda cache, _: cache.invalidate_name("features"), {"features.rsi", "features.atr"}),
        (lambda cache, _: cache.invalidate_name("features.rsi"), {"features.rsi"}),
        (lambda cache, _: cache.invalidate_name("feat"), set()),
        (lambda cache, key: cache.invalidate_key(key("models.a")), {"models.a"}),
        (lambda cache, _: cache.invalidate_all(), {"features.rsi", "features.atr", "models.a"}),
    ],
)
def test_names_keys_and_everything_can_be_invalidated(stores: Any, key: Any, invalidate: Any, gone: set[str]) -> None:
    cache, other = stores.cache(), stores.cache()
    names = ("features.rsi", "features.atr", "models.a")
    for name in names:
        cache.get_or_compute(key(name), lambda: "old")
    invalidate(cache, key)
    assert {name for name in names if other.get_or_compute(key(name), lambda: "new") == "new"} == gone


def test_a_computation_that_began_before_an_invalidation_is_not_stored_as_fresh(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(), stores.cache(), Counted()

    def overtaken() -> int:
        other.invalidate_tags("bars")
        return compute()

    assert one.get_or_compute(key(), overtaken, tags=("bars",)) == 1
    assert other.get_or_compute(key(), compute, tags=("bars",)) == 2
    stores.hands.move(1)
    assert one.get_or_compute(key(), never, tags=("bars",)) == 2


def test_who_asks_after_an_invalidation_does_not_join_a_computation_from_before(stores: Any, key: Any) -> None:
    cache, began, go_on = stores.cache(), threading.Event(), threading.Event()
    answers: list[str] = []

    def old() -> str:
        began.set()
        assert go_on.wait(20)
        return "old"

    def ask_first() -> None:
        answers.append(cache.get_or_compute(key(), old, tags=("bars",), reach="process"))

    first = threading.Thread(target=ask_first)
    first.start()
    assert began.wait(20)
    cache.invalidate_tags("bars")
    assert cache.get_or_compute(key(), lambda: "new", tags=("bars",), reach="process") == "new"
    go_on.set()
    first.join(20)
    assert answers == ["old"]  # it asked before
    assert cache.get_or_compute(key(), lambda: "late", tags=("bars",), reach="process") == "new"


def test_an_invalidation_is_part_of_the_transaction_that_changes_the_data(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(check_seconds=0), stores.cache(check_seconds=0), Counted()
    one.get_or_compute(key(), compute, tags=("bars",))
    with rolled_back():
        one.invalidate_tags("bars")
    assert other.get_or_compute(key(), never, tags=("bars",)) == 1
    with transaction.atomic():
        one.invalidate_tags("bars")
    assert other.get_or_compute(key(), compute, tags=("bars",)) == 2


def test_a_number_taken_by_a_rolled_back_transaction_hides_no_later_invalidation(stores: Any, key: Any) -> None:
    one, other, compute = stores.cache(check_seconds=0), stores.cache(check_seconds=0), Counted()
    one.get_or_compute(key(), compute, tags=("bars",))
    with rolled_back():
        one.invalidate_tags("news")
        one.get_or_compute(key(part=2), compute)  # looks within the transaction, and sees its number
    other.invalidate_tags("bars")  # takes the same number
    assert one.get_or_compute(key(), compute, tags=("bars",)) == 3


def test_an_invalidation_that_was_rolled_back_leaves_the_cache_as_it_was(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    cache.get_or_compute(key(), compute, tags=("bars",))
    with rolled_back():
        cache.invalidate_tags("bars")
        assert cache.get_or_compute(key(), compute, tags=("bars",)) == 2  # it sees its own change
    assert [cache.get_or_compute(key(part=1), compute, tags=("bars",)) for _ in range(2)] == [3, 3]


def test_a_value_of_a_transaction_is_stored_when_it_commits_and_never_when_it_rolls_back(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    with rolled_back():
        assert cache.get_or_compute(key(), compute) == 1
    assert cache.get_or_compute(key(part=1), compute) == 2
    assert CacheEntry.objects.count() == 1
    with transaction.atomic():
        assert cache.get_or_compute(key(), compute) == 3
        assert CacheEntry.objects.count() == 1
    assert stores.cache().get_or_compute(key(), never) == 3


def test_none_is_a_value_and_an_exception_is_not(stores: Any, key: Any) -> None:
    cache = stores.cache()
    assert cache.get_or_compute(key(), lambda: None) is None
    assert stores.cache().get_or_compute(key(), never) is None
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.get_or_compute(key(part=1), lambda: 1 // 0)
    assert cache.figures.counts["failed"] == 2
    assert cache.get_or_compute(key(part=1), lambda: 5) == 5


def test_a_count_begun_anew_makes_every_process_forget(stores: Any, key: Any) -> None:
    one, compute = stores.cache(), Counted()
    one.get_or_compute(key(), compute)
    new_lineage()
    assert stores.cache().get_or_compute(key(), compute) == 2
    stores.hands.move(1)
    assert one.get_or_compute(key(), never) == 2


def test_a_database_restored_from_an_older_state_brings_no_old_value_back(stores: Any, key: Any) -> None:
    cache, compute = stores.cache(), Counted()
    cache.invalidate_tags("bars")
    cache.get_or_compute(key(), compute, tags=("bars",))
    CacheTag.objects.all().delete()
    cache.invalidations.view.seen = 99  # what it knew before the count was set back
    stores.hands.move(1)
    assert cache.get_or_compute(key(), compute, tags=("bars",)) == 2
    assert stores.cache().get_or_compute(key(), never, tags=("bars",)) == 2


@pytest.mark.parametrize("damage", [b"", b"x" * 40, None])
def test_a_damaged_row_is_a_miss_that_is_counted_and_mended(stores: Any, key: Any, damage: bytes | None) -> None:
    compute = Counted()
    stores.cache().get_or_compute(key(), compute)
    row = CacheEntry.objects.get()
    row.sealed = damage if damage is not None else bytes(row.sealed)[:-1] + bytes([bytes(row.sealed)[-1] ^ 1])
    row.save()
    other = stores.cache()
    assert other.get_or_compute(key(), compute) == 2
    assert other.figures.counts["database.corrupt"] >= 1
    assert stores.cache().get_or_compute(key(), never) == 2


def test_a_checksum_that_nobody_looks_at_would_be_noticed(
    stores: Any, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "_digest", lambda *_: b"0" * 16)
    with pytest.raises(AssertionError):
        test_a_damaged_row_is_a_miss_that_is_counted_and_mended(stores, key, None)


def test_a_row_under_another_key_is_not_believed(stores: Any, key: Any) -> None:
    stores.cache().get_or_compute(key(part=1), lambda: "of part 1")
    CacheEntry.objects.update(key=key(part=2))
    assert stores.cache().get_or_compute(key(part=2), lambda: "of part 2") == "of part 2"


def test_reach_says_how_far_a_value_goes(stores: Any, key: Any) -> None:
    cache = stores.cache()
    cache.get_or_compute(key(), lambda: 1, reach="process")
    assert CacheEntry.objects.count() == 0
    assert cache.get_or_compute(key(), never, reach="process") == 1
    cache.get_or_compute(key(part=1), lambda: 1, reach="shared")
    assert CacheEntry.objects.count() == 1  # there is no Redis here


def test_a_memory_tier_smaller_than_the_values_evicts_and_stays_right(stores: Any, key: Any) -> None:
    cache = stores.cache(memory_megabytes=0.01)
    for number in range(20):
        cache.get_or_compute(key(n=number), lambda number=number: np.full(100, number))
    assert cache.memory.bytes_held <= 0.01 * 2**20
    assert cache.figures.counts["memory.evictions"] > 10
    for number in range(20):
        assert cache.get_or_compute(key(n=number), never)[0] == number
    assert cache.get_or_compute(key(n="big"), lambda: np.zeros(10_000)).sum() == 0


@pytest.mark.parametrize(
    ("ttl", "reach"),
    [(0, "durable"), (-1, "durable"), (float("nan"), "durable"), (31 * 86400, "durable"), (1, "far")],
)
def test_nonsense_is_refused(stores: Any, key: Any, ttl: float, reach: Any) -> None:
    with pytest.raises(InvalidInput):
        stores.cache().get_or_compute(key(), never, ttl=ttl, reach=reach)


def test_a_value_that_cannot_be_stored_is_refused_and_nobody_waits_for_it(stores: Any, key: Any) -> None:
    cache = stores.cache()
    with pytest.raises(InvalidInput, match="does not store"):
        cache.get_or_compute(key(), lambda: {1, 2})
    assert cache.get_or_compute(key(), lambda: [1, 2]) == [1, 2]


def test_a_computation_that_asks_for_itself_is_told_so(stores: Any, key: Any) -> None:
    cache = stores.cache()
    with pytest.raises(InvalidInput, match="wait for itself"):
        cache.get_or_compute(key(), lambda: cache.get_or_compute(key(), never))
