"""The shared tier: entries and leases in Redis, behind a circuit breaker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from augury_server.caching.breaker import Breaker
from augury_server.caching.figures import Figures
from augury_server.caching.leases import Lease
from augury_server.settings.sections import RedisSettings

__all__ = ["RedisTier", "connect"]

T = TypeVar("T")

_FIND_OR_LEASE = """
local found = redis.call('mget', KEYS[1], KEYS[2])
if found[1] and ARGV[3] == '0' then return {found[1], found[2], 0} end
local taken = redis.pcall('set', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2])
if type(taken) == 'table' and taken.err then return {found[1], found[2], -1} end
if not taken and redis.call('get', KEYS[3]) == ARGV[1] then taken = true end
return {found[1], found[2], taken and 1 or 0}
"""
_STORE_AND_RELEASE = """
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.call('get', KEYS[2]) == ARGV[3] then redis.call('del', KEYS[2]) end
return 1
"""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
_EXTEND = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)


def connect(settings: RedisSettings) -> Any:
    """A client of the Redis that the settings name, or None; it gives every command up after `timeout_seconds`.

    A connection that broke while idle, as after a restart, is made anew once; a Redis that stalls is not asked twice.
    """
    if settings.url is None:
        return None
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        retry_on_timeout=False,
    )


class RedisTier:
    """Redis as a copy that may vanish, come back empty or come back old: nothing is believed without being checked.

    Every method returns at once with "nothing" while Redis is away. `namespace` parts platforms that share one Redis.
    """

    def __init__(self, client: Any, breaker: Breaker, figures: Figures) -> None:
        self.client, self._breaker, self._figures = client, breaker, figures

    @property
    def up(self) -> bool:
        """Whether Redis answered the last command, as far as is known."""
        return self.client is not None and self._breaker.closed

    def read(self, namespace: str, key: str) -> tuple[bytes | None, int]:
        """The sealed entry or None, and the number of invalidations that somebody last told Redis; one round trip."""
        names = (f"{namespace}:v:{key}", f"{namespace}:sequence")
        sealed, told = self._try(lambda client: client.mget(names)) or (None, None)
        return sealed, int(told) if told is not None and told.isdigit() else 0

    def read_or_lease(
        self, namespace: str, key: str, lease: Lease, *, anyway: bool = False
    ) -> tuple[bytes | None, int, bool | None]:
        """What `read` gives and, where there is no entry, whether the lease is ours now; one round trip.

        None for the lease: it was not asked for, because there is an entry, or Redis does not give it. `anyway` asks
        for it although there is an entry, which is then the newest that anybody without the lease may have stored.
        """
        names = (f"{namespace}:v:{key}", f"{namespace}:sequence", lease.name)
        values = (lease.holder.encode(), b"%d" % max(1, int(1000 * lease.seconds)), b"1" if anyway else b"0")
        answer = self._try(lambda client: _run(client, _FIND_OR_LEASE, names, values))
        if answer is None:
            return None, 0, None
        sealed, told, taken = answer
        number = int(told) if told is not None and told.isdigit() else 0
        if taken < 0:
            self._figures.add("redis.errors")
        if taken < 0 or (sealed is not None and not anyway):
            return sealed, number, None
        if taken:
            lease.store = self
        return sealed, number, bool(taken)

    def write(self, namespace: str, key: str, sealed: bytes, seconds: float, lease: Lease | None = None) -> bool:
        """Keep a sealed entry for so long; whether Redis took it. A lease of this store is given back with it."""
        milliseconds, name = max(1, int(1000 * seconds)), f"{namespace}:v:{key}"
        if lease is None or lease.store is not self or lease.over:
            return bool(self._try(lambda client: client.set(name, sealed, px=milliseconds)))
        values = (sealed, b"%d" % milliseconds, lease.holder.encode())
        names = (name, lease.name)
        lease.over = bool(self._try(lambda client: _run(client, _STORE_AND_RELEASE, names, values)))
        return lease.over

    def remove(self, namespace: str, key: str) -> None:
        """Drop an entry."""
        self._try(lambda client: client.delete(f"{namespace}:v:{key}"))

    def tell(self, namespace: str, sequence: int) -> None:
        """Say how many invalidations there were, so that readers of Redis look for them at once."""
        self._try(lambda client: client.set(f"{namespace}:sequence", sequence))

    def acquire(self, name: str, holder: str, seconds: float) -> bool | None:
        """Take a lease: True when it is ours, False when somebody has it, None when Redis is away."""
        milliseconds = max(1, int(1000 * seconds))
        answer = self._try(lambda client: (client.set(name, holder, nx=True, px=milliseconds),))
        return None if answer is None else bool(answer[0])

    def extend(self, name: str, holder: str, seconds: float) -> None:
        """Keep a lease for so long from now, if it is still ours."""
        self._try(lambda client: client.eval(_EXTEND, 1, name, holder, max(1, int(1000 * seconds))))

    def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still ours."""
        self._try(lambda client: client.eval(_RELEASE, 1, name, holder))

    def _try(self, command: Callable[[Any], T]) -> T | None:
        if self.client is None or not self._breaker.allows():
            return None
        import redis

        try:
            answer = command(self.client)
        except redis.RedisError as error:
            self._figures.add("redis.errors")
            if isinstance(error, redis.ConnectionError | redis.TimeoutError):
                self._breaker.failed()
            else:  # it answered: out of memory, read only, no permission
                self._breaker.succeeded()
            return None
        self._breaker.succeeded()
        return answer


_scripts = {
    text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    for text in (_FIND_OR_LEASE, _STORE_AND_RELEASE)
}
"""Each script's name in Redis."""


def _run(client: Any, script: str, names: tuple[str, ...], values: tuple[bytes, ...]) -> Any:
    """Run a script that Redis knows by its hash, or is told now.

    By a connection of the client's pool, without what the client puts around each command (a third of what a read
    takes); where that connection turns out to be broken the client tries again, as it does for any command.
    """
    import redis

    name = _scripts[script]
    try:
        pool = client.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_packed_command((_packed(b"EVALSHA", name, names, values),))
            return connection.read_response()
        finally:
            pool.release(connection)
    except redis.exceptions.NoScriptError:
        return client.eval(script, len(names), *names, *values)
    except redis.ConnectionError:
        return client.evalsha(name, len(names), *names, *values)


def _packed(command: bytes, script: str, names: tuple[str, ...], values: tuple[bytes, ...]) -> bytes:
    """A command as Redis reads it: an array of texts, each after its length."""
    words = (command, script.encode(), b"%d" % len(names), *(name.encode() for name in names), *values)
    return b"".join((b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)))
