"""The shared tier: entries and leases in Redis, behind a circuit breaker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from augury_server.caching.breaker import Breaker
from augury_server.caching.figures import Figures
from augury_server.settings.sections import RedisSettings

__all__ = ["RedisTier", "connect"]

T = TypeVar("T")

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

    def write(self, namespace: str, key: str, sealed: bytes, seconds: float) -> bool:
        """Keep a sealed entry for so long; whether Redis took it."""
        milliseconds = max(1, int(1000 * seconds))
        return bool(self._try(lambda client: client.set(f"{namespace}:v:{key}", sealed, px=milliseconds)))

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
