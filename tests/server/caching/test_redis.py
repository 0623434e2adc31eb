"""Redis stopped, stalled, emptied, restarted and damaged: slower, never wrong, and back by itself."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
import redis

from augury_server.caching.models import CacheEntry
from augury_server.caching.redis_tier import connect
from augury_server.settings.sections import RedisSettings

TAGS = ("bars",)


def never() -> Any:
    raise AssertionError("this was to come from the cache")


def eventually(condition: Any, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


def test_redis_is_read_before_the_database_and_filled_from_it(redis_stores: Any, key: Any) -> None:
    redis_stores.cache().get_or_compute(key(), lambda: 1, ttl=60)
    second = redis_stores.cache()
    assert second.get_or_compute(key(), never, ttl=60) == 1
    assert (second.figures.counts["redis.hits"], second.figures.counts["database.hits"]) == (1, 0)
    second.redis.client.flushall()
    third = redis_stores.cache()
    assert third.get_or_compute(key(), never, ttl=60) == 1
    assert third.figures.counts["database.hits"] == 1
    CacheEntry.objects.all().delete()
    assert redis_stores.cache().get_or_compute(key(), never, ttl=60) == 1


def test_a_reader_of_redis_learns_of_an_invalidation_before_the_bound(redis_stores: Any, key: Any) -> None:
    one, other = redis_stores.cache(), redis_stores.cache()
    one.get_or_compute(key(part=1), lambda: "old", tags=TAGS)
    other.get_or_compute(key(part=2), lambda: "x")  # has just looked
    one.invalidate_tags("bars")
    assert other.get_or_compute(key(part=1), lambda: "new", tags=TAGS) == "new"


def test_an_entry_in_redis_lives_no_longer_than_its_value(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()

    def slow() -> int:
        redis_stores.hands.move(20)
        return 1

    cache.get_or_compute(key(), slow, ttl=60)
    name = next(iter(cache.redis.client.scan_iter("*:v:*")))
    assert 30_000 < cache.redis.client.pttl(name) <= 40_000


def test_what_was_invalidated_while_redis_was_away_does_not_return_with_it(
    own_redis_stores: Any, own_redis: Any, key: Any
) -> None:
    """Redis comes back with the very bytes that it held: a process that only sees Redis again must not believe them."""
    one = own_redis_stores.cache()
    one.get_or_compute(key(), lambda: "old", ttl=3600, tags=TAGS)
    held = {name: one.redis.client.get(name) for name in one.redis.client.scan_iter("*")}
    assert any(b":v:" in name for name in held)
    own_redis.stop(signal.SIGKILL)
    one.invalidate_tags("bars")
    assert one.get_or_compute(key(), lambda: "new", ttl=3600, tags=TAGS) == "new"
    own_redis.start()
    with redis.Redis(port=own_redis.port) as direct:
        for name, content in held.items():
            direct.set(name, content)
    CacheEntry.objects.all().delete()
    own_redis_stores.hands.move(10)
    fresh = own_redis_stores.cache()
    assert fresh.get_or_compute(key(), lambda: "newer", ttl=3600, tags=TAGS) == "newer"
    assert fresh.figures.counts["redis.outdated"] >= 1
    assert one.get_or_compute(key(), never, ttl=3600, tags=TAGS) in ("new", "newer")


def test_a_stopped_redis_is_not_asked_by_every_call_and_is_used_again_when_it_returns(
    own_redis_stores: Any, own_redis: Any, key: Any
) -> None:
    cache = own_redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    own_redis.stop()
    for number in range(1, 21):
        assert cache.get_or_compute(key(n=number), lambda number=number: number) == number
    assert cache.figures.counts["redis.errors"] == 1
    assert not cache.redis.up
    assert own_redis_stores.cache().get_or_compute(key(n=5), never) == 5
    own_redis.start()
    own_redis_stores.hands.move(9)
    other = own_redis_stores.cache()
    assert cache.get_or_compute(key(n=30), lambda: 30) == 30
    assert cache.redis.up
    assert other.get_or_compute(key(n=30), never) == 30
    assert other.figures.counts["redis.hits"] == 1


def test_a_stalled_redis_costs_one_timeout_a_pause_not_one_a_call(
    own_redis_stores: Any, own_redis: Any, key: Any
) -> None:
    cache = own_redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    own_redis.pause()
    try:
        for number in range(1, 11):
            assert cache.get_or_compute(key(n=number), lambda number=number: number) == number
        assert cache.figures.counts["redis.errors"] == 1
        own_redis_stores.hands.move(0.5)
        cache.get_or_compute(key(n=99), lambda: 99)  # one tries, and pays
        assert cache.figures.counts["redis.errors"] == 2
    finally:
        own_redis.resume()
    own_redis_stores.hands.move(10)
    cache.get_or_compute(key(n=100), lambda: 100)
    assert cache.redis.up


def test_connections_that_broke_while_idle_cost_no_error(own_redis_stores: Any, own_redis: Any, key: Any) -> None:
    cache = own_redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    own_redis.restart()
    assert cache.get_or_compute(key(n=1), lambda: 1) == 1
    assert cache.figures.counts["redis.errors"] == 0
    assert cache.redis.up


def test_an_emptied_redis_loses_speed_alone(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(), lambda: "old", tags=TAGS)
    cache.invalidate_tags("bars")
    cache.redis.client.flushall()
    assert redis_stores.cache().get_or_compute(key(), lambda: "new", tags=TAGS) == "new"


@pytest.mark.parametrize("content", [b"", b"garbage", b"AGC1" + b"\xff" * 60])
def test_damage_in_redis_is_a_counted_miss(redis_stores: Any, key: Any, content: bytes) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(), lambda: 1)
    name = next(iter(cache.redis.client.scan_iter("*:v:*")))
    cache.redis.client.set(name, content)
    other = redis_stores.cache()
    assert other.get_or_compute(key(), never) == 1  # the database has it
    assert other.figures.counts["redis.corrupt"] == 1
    assert other.redis.client.get(name) != content


def test_a_full_redis_that_refuses_writes_is_still_read(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(n=1), lambda: 1)
    cache.redis.client.config_set("maxmemory", "1")
    try:
        assert cache.get_or_compute(key(n=2), lambda: 2) == 2
        assert cache.figures.counts["redis.errors"] >= 1
        other = redis_stores.cache()
        assert other.get_or_compute(key(n=1), never) == 1
        assert other.figures.counts["redis.hits"] == 1
        assert other.get_or_compute(key(n=2), never) == 2
    finally:
        cache.redis.client.config_set("maxmemory", "0")


def test_platforms_that_share_a_redis_do_not_see_each_other(redis_stores: Any, key: Any) -> None:
    from augury_server.caching.invalidations import new_lineage

    redis_stores.cache().get_or_compute(key(), lambda: "mine")
    CacheEntry.objects.all().delete()
    new_lineage()  # another platform has another count
    assert redis_stores.cache().get_or_compute(key(), lambda: "yours") == "yours"


def test_no_redis_in_the_settings_means_no_client() -> None:
    assert connect(RedisSettings()) is None
