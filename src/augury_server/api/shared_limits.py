"""One limit for all processes: tokens are leased from Redis ahead of need, so that no request waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from augury_server.api.limits import Buckets, Verdict
from augury_server.telemetry.logs import get_log

__all__ = ["SharedBuckets"]

_LARGEST_LEASE = 100
_AWAY_SECONDS = 1.0
_MOST_LEASES = 20_000
_TAKE = """
local size, rate, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(kept[1]) or size, tonumber(kept[2]) or now
left = math.min(size, left + math.max(0, now - at) * rate)
local given = math.max(0, math.min(want, math.floor(left)))
left = left - given
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * size / rate) + 1000)
return {given, math.floor(left), string.format('%.6f', (1 - left) / rate)}
"""


@dataclass(slots=True)
class _Lease:
    have: int
    shared: int
    empty_until: float = 0.0
    asking: bool = False


@dataclass(slots=True)
class SharedBuckets:
    """`Buckets` that several processes share through Redis.

    A process takes leases of up to a hundred tokens, at most a twentieth of the limit, and asks for the next one in the
    background when half is used. Until the answer it goes on, and pays for that out of the leases that follow: all
    processes together let through the limit, a lease each, and what comes while Redis is being asked, which is
    made up for. While Redis is away each process goes by a bucket of its own, which is kept in step at all times.
    """

    local: Buckets
    redis: Redis
    prefix: str
    clock: Callable[[], float] = time.monotonic
    away_until: float = 0.0
    problem: str = ""
    _leases: dict[str, _Lease] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _take: Any = None

    @property
    def lease(self) -> int:
        """Tokens of one lease."""
        return max(1, min(_LARGEST_LEASE, self.local.limit // 20))

    def take(self, name: str) -> Verdict:
        """Take one token, of the lease and of the process's own bucket; never waits."""
        verdict = self.local.take(name)
        now = self.clock()
        if now < self.away_until or not verdict.allowed:
            return verdict
        lease = self._leases.get(name)
        if lease is None:
            if len(self._leases) >= _MOST_LEASES:
                self._leases.clear()
            lease = self._leases[name] = _Lease(have=0, shared=self.local.limit)
        if now < lease.empty_until and lease.have <= 0:
            return Verdict(False, verdict.limit, 0, verdict.reset, int(lease.empty_until - now) + 1)
        if 2 * lease.have <= self.lease and not lease.asking:
            self._ask(name, lease)
        lease.have -= 1
        verdict.remaining = max(0, min(verdict.remaining, lease.shared + lease.have))
        return verdict

    async def stop(self) -> None:
        """End what is under way and close the connection."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.redis.aclose()

    def _ask(self, name: str, lease: _Lease) -> None:
        lease.asking = True
        task = asyncio.get_running_loop().create_task(self._renew(name, lease))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _renew(self, name: str, lease: _Lease) -> None:
        if self._take is None:
            self._take = self.redis.register_script(_TAKE)
        rate = self.local.limit / 60.0
        want = self.lease - lease.have
        try:
            given, left, wait = await self._take(keys=[f"{self.prefix}{name}"], args=[self.local.limit, rate, want])
        except (RedisError, OSError) as error:
            if not self.problem:
                get_log(__name__).warning("limits are each process's own while Redis is away", reason=str(error))
            self.problem, self.away_until = str(error) or type(error).__name__, self.clock() + _AWAY_SECONDS
            lease.have = max(lease.have, 0)
        else:
            self.problem = ""
            lease.have += int(given)
            lease.shared = int(left)
            if given < want and lease.have <= 0:  # it ran out; what passed while Redis was asked is asked for next
                lease.empty_until = self.clock() + max(0.0, float(wait)) - lease.have / rate
        finally:
            lease.asking = False
