"""What a miss costs: two round trips to Redis and no query, without a guarantee less."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from augury_server.caching import redis_tier
from augury_server.caching.invalidations import Invalidations
from augury_server.caching.layered import Cache
from augury_server.caching.models import CacheEntry, CacheLease
from augury_server.caching.redis_tier import RedisTier

TAGS = ("bars",)


def never() -> Any:
    raise AssertionError("this was to come from the cache")


@contextmanager
def commands(client: Any) -> Any:
    """What Redis was told to do within, by command, as Redis counts it; what scripts call is counted too."""
    counted: Counter[str] = Counter()

    def look() -> Counter[str]:
        told = client.info("commandstats")
        return Counter({name.removeprefix("cmdstat_"): one["calls"] for name, one in told.items()})

    before = look()
    yield counted
    counted.update(look() - before)
    del counted["info"]


def trips(counted: Counter[str], *, inner: tuple[str, ...]) -> int:
    """Round trips: calls less those that scripts made."""
    return sum(count for name, count in counted.items() if name not in inner)


def test_a_miss_is_two_round_trips_and_no_query(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0, tags=TAGS, reach="shared")
    with commands(cache.redis.client) as counted, CaptureQueriesContext(connection) as asked:
        assert cache.get_or_compute(key(n=1), lambda: 1, tags=TAGS, reach="shared") == 1
    assert counted["evalsha"] == trips(counted, inner=("mget", "set", "get", "del")) == 2
    assert len(asked) == 0
    other = redis_stores.cache()
    other.get_or_compute(key(n=0), never, tags=TAGS, reach="shared")
    with commands(cache.redis.client) as counted, CaptureQueriesContext(connection) as asked:
        assert other.get_or_compute(key(n=1), never, tags=TAGS, reach="shared") == 1
    assert trips(counted, inner=("mget",)) == 1
    assert len(asked) == 0


def test_a_durable_miss_adds_one_read_and_one_write_of_the_database(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    with CaptureQueriesContext(connection) as asked:
        cache.get_or_compute(key(n=1), lambda: 1)
    assert [query["sql"].split()[0] for query in asked] == ["SELECT", "INSERT"]


def test_without_redis_the_value_and_the_end_of_the_lease_are_one_transaction(stores: Any, key: Any) -> None:
    cache = stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    with CaptureQueriesContext(connection) as asked:
        cache.get_or_compute(key(n=1), lambda: 1)
    told = [query["sql"].split()[0].rstrip(";") for query in asked]
    assert told == ["SELECT", "INSERT", "SELECT", "BEGIN", "INSERT", "DELETE", "COMMIT"]
    assert not CacheLease.objects.exists()


def test_no_lease_is_left_whatever_became_of_the_computation(redis_stores: Any, key: Any) -> None:
    cache, other = redis_stores.cache(), redis_stores.cache()

    def late() -> int:
        redis_stores.hands.move(100)
        return 1

    cache.get_or_compute(key(n=1), lambda: 1, tags=TAGS)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_compute(key(n=2), lambda: 1 // 0, tags=TAGS)
    cache.get_or_compute(key(n=3), lambda: cache.invalidate_tags("bars"), tags=TAGS)  # fenced
    cache.get_or_compute(key(n=4), late, ttl=60)
    cache.get_or_compute(key(n=5), lambda: cache.get_or_compute(key(n=6), lambda: 6))
    other.get_or_compute(key(n=1), lambda: 2, tags=TAGS)  # there, but outdated
    cache.redis.client.flushdb()
    other.get_or_compute(key(n=4), lambda: 4)
    stays = redis_stores.cache()
    stays.get_or_compute(key(n=5), never)  # from the database, into Redis
    assert list(cache.redis.client.scan_iter("*:lease:*")) == []
    assert list(cache.redis.client.scan_iter("*:v:*")) != []


def test_a_value_that_was_there_before_the_lease_is_not_computed_again(redis_stores: Any, key: Any) -> None:
    """Somebody stores between the first look, which found what is outdated, and the lease."""
    one, other = redis_stores.cache(), redis_stores.cache()
    one.get_or_compute(key(), lambda: "old", tags=TAGS)
    one.invalidate_tags("bars")
    asked = RedisTier.read_or_lease
    turns: list[bool] = []

    def overtaken(self: RedisTier, *args: Any, anyway: bool = False) -> Any:
        turns.append(anyway)
        if anyway and self is other.redis:
            one.get_or_compute(key(), lambda: "new", tags=TAGS)
        return asked(self, *args, anyway=anyway)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RedisTier, "read_or_lease", overtaken)
        assert other.get_or_compute(key(), never, tags=TAGS) == "new"
    assert turns[:2] == [False, True]
    assert list(one.redis.client.scan_iter("*:lease:*")) == []


def test_scripts_that_redis_forgot_are_told_again(redis_stores: Any, key: Any) -> None:
    cache = redis_stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    cache.redis.client.script_flush()
    assert cache.get_or_compute(key(n=1), lambda: 1, reach="shared") == 1
    assert redis_stores.cache().get_or_compute(key(n=1), never, reach="shared") == 1
    assert cache.figures.counts["redis.errors"] == 0
    assert len(redis_tier._scripts) == 2


def test_a_computation_under_a_view_that_is_behind_is_at_worst_done_again(redis_stores: Any, key: Any) -> None:
    """The number that an entry carries is the one that was known when it began, not that of its end or a guess."""
    one, other = redis_stores.cache(), redis_stores.cache()
    other.get_or_compute(key(n=0), lambda: 0)  # knows of nothing after this
    one.invalidate_tags("bars")
    fence = other.invalidations.view.seen
    other.redis.client.delete(f"augury:cache:{other.invalidations.view.lineage}:sequence")
    other.get_or_compute(key(n=1), lambda: "of the new data", tags=TAGS)
    assert other.invalidations.view.seen == fence
    assert one.get_or_compute(key(n=1), lambda: "again", tags=TAGS) == "again"
    redis_stores.hands.move(1)
    assert other.get_or_compute(key(n=1), never, tags=TAGS) == "again"


def overtaken_snapshot(stores: Any, key: Any, platform: Any, break_it: Callable[[], object] = lambda: None) -> str:
    """What a process gets, after a transaction of an older state computed what the process knows to be newer."""
    cache = stores.cache()
    cache.get_or_compute(key(n=0), lambda: 0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM augury_caching_cachetag")  # the state is fixed from here on
        child = platform.python("from augury_server.caching import cache\ncache().invalidate_tags('bars')")
        _, problem = child.communicate(timeout=60)
        assert child.returncode == 0, problem
        thread_view(cache)
        break_it()
        cache.get_or_compute(key(n=1), lambda: "of the old state", tags=TAGS)
    value = cache.get_or_compute(key(n=1), lambda: "of the new state", tags=TAGS)
    stores.close()
    return str(value)


def thread_view(cache: Cache) -> None:
    """Another thread of the process looks for invalidations."""
    thread = threading.Thread(target=cache.invalidations.refreshed)
    thread.start()
    thread.join(30)
    assert cache.invalidations.view.seen == 1


def test_a_transaction_of_an_older_state_stores_nothing_as_newer(
    postgres_platform: Any, make_stores: Any, key: Any, redis_server: Any
) -> None:
    assert overtaken_snapshot(make_stores(redis_server), key, postgres_platform) == "of the new state"


def test_a_number_that_the_transaction_cannot_have_seen_would_be_noticed(
    postgres_platform: Any, make_stores: Any, key: Any, redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trust_the_view() -> None:
        monkeypatch.setattr(Invalidations, "refreshed", Invalidations.current)

    told = overtaken_snapshot(make_stores(redis_server), key, postgres_platform, trust_the_view)
    assert told == "of the old state"


def test_a_connection_is_left_as_it_was(redis_stores: Any, key: Any) -> None:
    connection.ensure_connection()

    def held() -> tuple[int, int]:
        execute = connection.connection.execute
        return execute("PRAGMA synchronous").fetchone()[0], execute("PRAGMA busy_timeout").fetchone()[0]

    before = held()
    assert before[0] == 2  # FULL
    redis_stores.cache().get_or_compute(key(), lambda: 1)
    assert CacheEntry.objects.count() == 1
    assert held() == before
