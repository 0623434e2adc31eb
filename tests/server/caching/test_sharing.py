"""Adaptive reach: what is cheaper to compute than to fetch stays in the process, as the process itself measures it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_server.caching.sharing import Sharing


def learnt(computing: float, fetching: float, count: int = 50) -> Sharing:
    sharing = Sharing()
    for _ in range(count):
        sharing.computed("features", computing)
        sharing.looked(fetching)
    return sharing


def share(sharing: Sharing, asks: int = 640) -> float:
    return sum(sharing.worth("features") for _ in range(asks)) / asks


def test_what_is_not_known_is_shared() -> None:
    sharing = Sharing()
    assert sharing.worth("features")
    sharing.computed("features", 1e-6)
    assert sharing.worth("features")  # nobody knows what fetching takes
    sharing.looked(1e-3)
    assert sharing.worth("features")  # one measurement is none
    assert sharing.worth("another")


@given(fetching=st.floats(1e-5, 1e-2), ratio=st.floats(1e-3, 1e3))
def test_a_name_is_shared_if_computing_takes_longer_than_fetching(fetching: float, ratio: float) -> None:
    found = share(learnt(ratio * fetching, fetching))
    if ratio >= 1.26:
        assert found == 1.0
    elif ratio < 0.79:
        assert found == 10 / 640  # now and then, to learn


def test_between_the_bounds_it_stays_as_it_was() -> None:
    dear, cheap = learnt(2e-3, 1e-3), learnt(0.5e-3, 1e-3)
    assert (share(dear), share(cheap)) == (1.0, 10 / 640)
    for sharing in (dear, cheap):
        for _ in range(100):
            sharing.computed("features", 1e-3)
    assert (share(dear), share(cheap)) == (1.0, 10 / 640)


def test_a_change_of_either_cost_is_noticed_and_a_hiccup_is_not() -> None:
    sharing = learnt(1e-4, 1e-3)
    assert share(sharing) < 0.1
    sharing.computed("features", 60.0)  # a host that stood still
    assert share(sharing) < 0.1
    for _ in range(60):
        sharing.computed("features", 5e-3)
    assert share(sharing) == 1.0
    for _ in range(60):
        sharing.looked(50e-3)
    assert share(sharing) < 0.1


def test_names_are_learnt_apart_and_are_not_kept_without_bound() -> None:
    sharing = learnt(1e-5, 1e-3)
    for _ in range(10):
        sharing.computed("models", 1.0)
    assert (sharing.worth("models"), share(sharing) < 0.1) == (True, True)
    for number in range(5_000):
        sharing.computed(f"n{number}", 1.0)
    assert len(sharing._names) <= 1024


def never() -> Any:
    raise AssertionError("this was to come from the cache")


def test_a_cheap_name_stays_in_the_process_and_a_dear_one_reaches_others(redis_stores: Any, key: Any) -> None:
    cache, other = redis_stores.cache(), redis_stores.cache()
    cache.sharing = cache._lookup._sharing = learnt(1e-6, 1e-3)
    cache.sharing._names["cheap"] = cache.sharing._names.pop("features")
    assert cache.get_or_compute(key("cheap", n=1), lambda: 1, reach="adaptive") == 1
    assert cache.get_or_compute(key("cheap", n=1), never, reach="adaptive") == 1
    assert other.get_or_compute(key("cheap", n=1), lambda: 2, reach="adaptive") == 2
    assert cache.get_or_compute(key("dear", n=1), lambda: 1, reach="adaptive") == 1
    assert other.get_or_compute(key("dear", n=1), never, reach="adaptive") == 1


def test_a_cheap_name_is_shared_all_the_same_where_its_use_says_so(redis_stores: Any, key: Any) -> None:
    cache, other = redis_stores.cache(), redis_stores.cache()
    cache.sharing = cache._lookup._sharing = learnt(1e-6, 1e-3)
    for number, reach in enumerate(("shared", "durable")):
        cache.get_or_compute(key("features", n=number), lambda: 1, reach=reach)
        assert other.get_or_compute(key("features", n=number), never, reach=reach) == 1


def test_it_is_learnt_from_what_is_asked(redis_stores: Any, key: Any) -> None:
    """Values that take nothing to compute, over a Redis that takes tens of microseconds at least."""
    one, other = redis_stores.cache(), redis_stores.cache()
    for number in range(40):
        one.get_or_compute(key("cheap", n=number), lambda: 1, reach="shared")
    for number in range(40):
        other.get_or_compute(key("cheap", n=number), lambda: 1, reach="adaptive")  # each is found there
    assert other.figures.counts["computed"] == 0
    for number in range(40, 70):
        other.get_or_compute(key("cheap", n=number), lambda: 1, reach="adaptive")
    assert other.figures.counts["computed"] == 30
    assert other.figures.counts["redis.writes"] == pytest.approx(4, abs=1)  # until it was known what computing takes


def test_an_invalidation_holds_for_what_stays_in_the_process_too(redis_stores: Any, key: Any) -> None:
    one, other = redis_stores.cache(), redis_stores.cache()
    one.sharing = one._lookup._sharing = learnt(1e-6, 1e-3)
    one.get_or_compute(key("features", n=1), lambda: "old", tags=("bars",), reach="adaptive")
    other.invalidate_tags("bars")
    redis_stores.hands.move(1)
    assert one.get_or_compute(key("features", n=1), lambda: "new", tags=("bars",), reach="adaptive") == "new"
