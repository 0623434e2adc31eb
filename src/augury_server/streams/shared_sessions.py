"""Sessions in Redis: saved, claimed, listed and deleted there, each in one step; Unavailable while Redis is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from augury.errors import Unavailable
from augury_server.settings.sections import RedisSettings
from augury_server.streams.shared_scripts import CLAIM, DELETE, SAVE, YIELD

__all__ = ["Claim", "SaveOrder", "SharedSessions"]

T = TypeVar("T")
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What Redis said to a claim: "owned", "shared", "busy" (another process has it) or "none"."""

    answer: str
    updates: int = 0
    snapshot: bytes = b""
    facts: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOrder:
    """A session to save: whose and how many updates it should have in Redis, and what it becomes."""

    id: str
    key_id: str
    expected_owner: str
    owner: str
    expected_updates: int
    updates: int
    snapshot: bytes
    facts: bytes


class SharedSessions:
    """The part of a session store that lives in Redis. `me` names this process; `idle_seconds` is a session's life.

    After a failed command the next ones fail at once for half a second, so that a Redis that stalls is not waited for
    by every request. `ticks` is a monotonic clock in seconds.
    """

    def __init__(
        self, settings: RedisSettings, *, me: str, idle_seconds: float, prefix: str = "augury:streams:",
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        import redis.asyncio
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        assert settings.url is not None
        self.me, self._prefix, self._life = me, prefix, max(1, int(1000 * idle_seconds))
        self._ticks, self._retry_at = ticks, 0.0
        self.problem = ""
        """Why Redis is away; empty while it answers."""
        self._errors = (redis.RedisError, OSError, asyncio.TimeoutError)
        self._client: Any = redis.asyncio.Redis.from_url(
            settings.url.get_secret_value(), socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )  # fmt: skip
        self._save, self._claim, self._delete, self._yield = (
            self._client.register_script(script) for script in (SAVE, CLAIM, DELETE, YIELD)
        )

    async def claim(self, session_id: str, key_id: str) -> Claim:
        """Ask for a session; see `Claim`."""
        args = (self._prefix, session_id, self.me, key_id)
        answer, *rest = await self._try(lambda: self._claim(args=args))
        if not rest:
            return Claim(answer=answer.decode())
        return Claim(answer=answer.decode(), updates=int(rest[0]), snapshot=rest[1], facts=rest[2])

    async def save(self, orders: Sequence[SaveOrder]) -> list[str]:
        """Save sessions, one round trip: for each "saved", "moved" (it changed meanwhile) or "gone" (deleted)."""

        async def run() -> list[Any]:
            if len(orders) == 1:
                return [await self._save(args=self._arguments(orders[0]))]
            async with self._client.pipeline(transaction=False) as pipe:
                for order in orders:
                    await self._save(args=self._arguments(order), client=pipe)
                return list(await pipe.execute())

        return [answer.decode() for answer in await self._try(run)]

    def _arguments(self, order: SaveOrder) -> tuple[Any, ...]:
        return (
            self._prefix, order.id, order.expected_owner, order.owner, order.expected_updates, order.updates,
            order.snapshot, order.key_id, order.facts, self._life, _now_ms(),
        )  # fmt: skip

    async def delete(self, session_id: str, key_id: str, *, held: bool) -> bool:
        """Delete a session; whether it was there. `held`: this process has it for this key, in Redis or not yet."""
        args = (self._prefix, session_id, self.me, key_id, self._life, int(held))
        return bool(await self._try(lambda: self._delete(args=args)))

    async def let_go(self, session_id: str) -> None:
        """Let others have a session that this process owns but holds no more."""
        await self._try(lambda: self._yield(args=(self._prefix, session_id, self.me)))

    async def alive(self, seconds: float) -> list[str]:
        """Say that this process lives, for so long; the sessions that others want from it."""

        async def run() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.set(f"{self._prefix}p:{self.me}", 1, px=max(1, int(1000 * seconds)))
                pipe.spop(f"{self._prefix}w:{self.me}", 1000)
                return list(await pipe.execute())

        return [name.decode() for name in (await self._try(run))[1]]

    async def updates_of(self, ids: Sequence[str]) -> list[int | None]:
        """How many updates each session has in Redis, 0 where it is not there; None where it was deleted."""

        async def run() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for session_id in ids:
                    pipe.hget(f"{self._prefix}s:{session_id}", "v")
                    pipe.exists(f"{self._prefix}gone:{session_id}")
                return list(await pipe.execute())

        found = await self._try(run)
        return [None if gone else int(there or 0) for there, gone in zip(found[::2], found[1::2], strict=True)]

    async def peek(self, session_id: str, key_id: str) -> Claim:
        """Look at a session without asking for it: "seen" or "none"."""
        name = f"{self._prefix}s:{session_id}"
        found = await self._try(lambda: self._client.hmget(name, "v", "d", "k", "f"))
        if found[0] is None or found[2].decode() != key_id:
            return Claim(answer="none")
        return Claim(answer="seen", updates=int(found[0]), snapshot=found[1], facts=found[3])

    async def counts(self, key_id: str) -> tuple[int, int]:
        """How many sessions there are of this key, and in all."""

        async def run() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for name in (f"{self._prefix}k:{key_id}", f"{self._prefix}all"):
                    pipe.zremrangebyscore(name, "-inf", _now_ms())
                    pipe.zcard(name)
                return list(await pipe.execute())

        found = await self._try(run)
        return int(found[1]), int(found[3])

    async def ids(self, key_id: str) -> list[str]:
        """The sessions of this key."""
        name = f"{self._prefix}k:{key_id}"
        found = await self._try(lambda: self._client.zrangebyscore(name, f"({_now_ms()}", "+inf"))
        return [one.decode() for one in found]

    async def facts(self, ids: Iterable[str]) -> list[tuple[int, bytes] | None]:
        """Number of updates and facts of each session; None where it is not there."""
        names = [f"{self._prefix}s:{session_id}" for session_id in ids]

        async def run() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hmget(name, "v", "f")
                return list(await pipe.execute())

        return [None if one[0] is None else (int(one[0]), one[1]) for one in await self._try(run)]

    async def close(self) -> None:
        """Say that this process is going, so that others may take its sessions at once; close the connections."""
        try:
            await self._try(lambda: self._client.delete(f"{self._prefix}p:{self.me}"))
        except Unavailable:  # its time runs out by itself
            pass
        finally:
            await self._client.aclose()

    async def _try(self, command: Callable[[], Awaitable[T]]) -> T:
        if self.problem and self._ticks() < self._retry_at:
            raise Unavailable(f"Redis is away ({self.problem}); try again later")
        try:
            found = await command()
        except self._errors as error:
            self.problem = f"{type(error).__name__}: {str(error)[:120]}"
            self._retry_at = self._ticks() + _PAUSE_SECONDS
            raise Unavailable(f"Redis is away ({self.problem}); try again later") from error
        self.problem = ""
        return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
