"""The database at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from augury_server.database.explaining import database_name, explained

__all__ = ["DatabaseStatus", "database_status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """Engine and size; `connections` of everybody and `most_connections` on PostgreSQL; `log_bytes` on SQLite.

    `pool` is this process's own pool: its figures by name; empty on SQLite.
    """

    engine: str
    version: str
    name: str
    bytes: int
    log_bytes: int | None
    connections: int | None
    most_connections: int | None
    pool: dict[str, int]


def database_status() -> DatabaseStatus:
    """Look at the database; nothing is changed. Raises Unavailable or Misconfigured when it does not answer."""
    with explained("look at the database"):
        return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def _one(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _postgresql() -> DatabaseStatus:
    version, size, used, most = _one(
        "SELECT current_setting('server_version'), pg_database_size(current_database()), "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
        "current_setting('max_connections')::int"
    )
    pool = getattr(connection, "pool", None)
    return DatabaseStatus(
        engine="postgresql",
        version=version,
        name=database_name(),
        bytes=size,
        log_bytes=None,
        connections=used,
        most_connections=most,
        pool=dict(pool.get_stats()) if pool is not None else {},
    )


def _sqlite() -> DatabaseStatus:
    (version,) = _one("SELECT sqlite_version()")
    (pages,), (page,) = _one("PRAGMA page_count"), _one("PRAGMA page_size")
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    return DatabaseStatus(
        engine="sqlite",
        version=version,
        name=database_name(),
        bytes=pages * page,
        log_bytes=log.stat().st_size if log.exists() else 0,
        connections=None,
        most_connections=None,
        pool={},
    )
