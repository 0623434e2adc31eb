"""Caches over real stores: each is what one process has, several of them share the database and a Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from augury_server.caching import Cache, Clocks, key_of
from augury_server.caching.redis_tier import connect
from augury_server.settings.sections import CacheSettings, RedisSettings

CHECK_SECONDS = 1.0


@dataclass
class Hands:
    """Clocks that stand still until a test moves them; `sleep` moves them too."""

    wall: float = 1_800_000_000.0
    ticks: float = 1000.0

    def move(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def clocks(self) -> Clocks:
        return Clocks(wall=lambda: self.wall, ticks=lambda: self.ticks, sleep=self.move)


@dataclass
class Stores:
    """A platform's database and perhaps a Redis, and caches over them."""

    hands: Hands = field(default_factory=Hands)
    redis_url: str | None = None
    made: list[Cache] = field(default_factory=list)

    def cache(self, *, real_time: bool = False, **settings: Any) -> Cache:
        """Another process's cache."""
        values = {"check_seconds": CHECK_SECONDS, **settings}
        client = connect(RedisSettings(url=self.redis_url)) if self.redis_url else None
        clocks = None if real_time else self.hands.clocks()
        cache = Cache(CacheSettings(**values), redis=client, clocks=clocks)
        self.made.append(cache)
        return cache

    def close(self) -> None:
        for cache in self.made:
            if cache.redis.client is not None:
                cache.redis.client.close()


def empty_redis(server: Any) -> str:
    import redis

    with redis.Redis(port=server.port) as client:
        client.flushall()
    return f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def stores(platform: Any) -> Iterator[Stores]:
    """A database of each engine, no Redis."""
    made = Stores()
    yield made
    made.close()


@pytest.fixture
def redis_stores(sqlite_platform: Any, redis_server: Any) -> Iterator[Stores]:
    """SQLite and an empty Redis."""
    made = Stores(redis_url=empty_redis(redis_server))
    yield made
    made.close()


@pytest.fixture
def own_redis_stores(sqlite_platform: Any, own_redis: Any) -> Iterator[Stores]:
    """SQLite and a Redis that the test may stop."""
    made = Stores(redis_url=empty_redis(own_redis))
    yield made
    made.close()


@pytest.fixture
def make_stores() -> Callable[[Any], Stores]:
    """Stores over the database that there is and a Redis that is emptied, for tests that make them anew."""
    return lambda server: Stores(redis_url=empty_redis(server))


@pytest.fixture
def key() -> Callable[..., Any]:
    """A key by its parts."""

    def make(name: str = "features.rsi", **parts: Any) -> Any:
        return key_of(name, versions={"spec": "1"}, **parts)

    return make
