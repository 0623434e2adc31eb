"""The farthest tier: entries as rows, and leases where there is no Redis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from augury_server.caching.borrowed import AWAY, borrowed_connection
from augury_server.caching.breaker import Breaker
from augury_server.caching.envelope import Header
from augury_server.caching.figures import Figures
from augury_server.caching.leases import Lease

__all__ = ["DatabaseTier"]

T = TypeVar("T")

_WRITER_WAIT_SECONDS = 1.0
"""How long storing a value waits for another writer of SQLite; afterwards it is not stored."""

_STORE = """
INSERT INTO augury_caching_cacheentry (key, name, computed_at, expires_at, size, sealed)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET computed_at = excluded.computed_at, expires_at = excluded.expires_at,
  size = excluded.size, sealed = excluded.sealed
WHERE augury_caching_cacheentry.computed_at <= excluded.computed_at
   OR augury_caching_cacheentry.computed_at > %s
"""
_LEASE = """
INSERT INTO augury_caching_cachelease (key, holder, until) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE augury_caching_cachelease.until < %s
"""
_READ = "SELECT sealed FROM augury_caching_cacheentry WHERE key = %s"
_EXTEND = "UPDATE augury_caching_cachelease SET until = %s WHERE key = %s AND holder = %s"
_RELEASE = "DELETE FROM augury_caching_cachelease WHERE key = %s AND holder = %s"


class DatabaseTier:
    """Rows of the platform's database; a database that does not answer makes every method return "nothing".

    Reading and writing have a circuit breaker each: a long writer of SQLite stops storing, not reading. `clock` is the
    wall clock in seconds since 1970.
    """

    def __init__(self, reading: Breaker, writing: Breaker, figures: Figures, clock: Callable[[], float]) -> None:
        self._reading, self._writing, self._figures, self._clock = reading, writing, figures, clock

    def read(self, key: str) -> bytes | None:
        """The sealed entry or None."""

        def row(connection: BaseDatabaseWrapper) -> bytes | memoryview | None:
            with connection.cursor() as cursor:
                cursor.execute(_READ, (key,))
                found = cursor.fetchone()
            return None if found is None else found[0]

        sealed = self._try(self._reading, row)
        return None if sealed is None else bytes(sealed)

    def write(self, key: str, header: Header, sealed: bytes, lease: Lease | None = None) -> bool:
        """Keep a sealed entry, unless there is one that was computed later; whether that was possible.

        An entry from the future, left by a clock that was moved, is replaced too. A lease of this store is given back
        with it, in one transaction.
        """
        times = (header.computed_at, header.expires_at, self._clock())
        computed_at, expires_at, now = (_moment(seconds) for seconds in times)
        values = (key, key.partition(":")[0], computed_at, expires_at, len(sealed), sealed, now)
        if lease is None or lease.store is not self or lease.over:
            return self._execute((_STORE, values)) is not None
        lease.over = self._execute((_STORE, values), (_RELEASE, (lease.name, lease.holder))) is not None
        return lease.over

    def remove(self, key: str) -> None:
        """Drop an entry."""
        self._execute(("DELETE FROM augury_caching_cacheentry WHERE key = %s", (key,)))

    def acquire(self, name: str, holder: str, seconds: float) -> bool | None:
        """Take a lease: True when it is ours, False when somebody has it, None when the database is away."""
        now = self._clock()
        taken = self._execute((_LEASE, (name, holder, _moment(now + seconds), _moment(now))))
        return None if taken is None else taken == 1

    def extend(self, name: str, holder: str, seconds: float) -> None:
        """Keep a lease for so long from now, if it is still ours."""
        self._execute((_EXTEND, (_moment(self._clock() + seconds), name, holder)))

    def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still ours."""
        self._execute((_RELEASE, (name, holder)))

    def _execute(self, *statements: tuple[str, tuple[Any, ...]]) -> int | None:
        """Run statements, all or none; how many rows the first one changed, None when the database is away."""

        def run(connection: BaseDatabaseWrapper) -> int:
            with transaction.atomic() if len(statements) > 1 else nullcontext(), connection.cursor() as cursor:
                changed = []
                for statement, values in statements:
                    cursor.execute(statement, values)
                    changed.append(int(cursor.rowcount))
            return changed[0]

        return self._try(self._writing, run, wait_seconds=_WRITER_WAIT_SECONDS)

    def _try(
        self, breaker: Breaker, work: Callable[[BaseDatabaseWrapper], T], *, wait_seconds: float | None = None
    ) -> T | None:
        if not breaker.allows():
            return None
        try:
            with borrowed_connection(wait_seconds=wait_seconds) as connection:
                answer = work(connection)
        except AWAY:
            self._figures.add("database.errors")
            breaker.failed()
            return None
        breaker.succeeded()
        return answer


def _moment(seconds: float) -> Any:
    """Seconds since 1970 as the engine takes a time."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return connections["default"].ops.adapt_datetimefield_value(moment)
