"""Whether the database answers, how fast, and how large it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

__all__ = ["DatabaseHealth", "database_health"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """The engine with its version, the size in bytes and how long an answer took."""

    engine: str
    bytes: int
    milliseconds: float

    @property
    def size_text(self) -> str:
        """The size in its largest unit."""
        for size, unit in ((1e9, "GB"), (1e6, "MB")):
            if self.bytes >= size:
                return f"{self.bytes / size:.1f} {unit}"
        return f"{self.bytes / 1e3:.0f} kB"


def database_health(clock: Callable[[], float] = time.perf_counter) -> DatabaseHealth:
    """Ask the database how large it is. Raises Django's DatabaseError when it does not answer."""
    with connection.cursor() as cursor:
        start = clock()
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database()), current_setting('server_version')")
            size, version = cursor.fetchone()
            engine = f"PostgreSQL {str(version).split()[0]}"
        else:
            cursor.execute(
                "SELECT page_count * page_size, sqlite_version() FROM pragma_page_count(), pragma_page_size()"
            )
            size, version = cursor.fetchone()
            engine = f"SQLite {version}"
        took = clock() - start
    return DatabaseHealth(engine=engine, bytes=int(size), milliseconds=1000 * took)
