"""A database URL as Django's settings, with what makes each engine sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from augury_server.settings.model import Settings

__all__ = ["database_settings", "is_embedded"]

PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers and one writer do not wait for one another
    "PRAGMA synchronous = FULL",  # a commit is on disk before it is said to be
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA journal_size_limit = 67108864",
)


def is_embedded(settings: Settings) -> bool:
    """Whether rows are kept in an SQLite file."""
    return not settings.database.url or settings.database.url.startswith("sqlite:")


def database_settings(settings: Settings) -> dict[str, Any]:
    """Django's `DATABASES["default"]`."""
    url = settings.database.url
    if is_embedded(settings):
        return _sqlite(settings, Path(url.removeprefix("sqlite:///")) if url else settings.home / "augury.sqlite3")
    return _postgresql(settings, url)


def _sqlite(settings: Settings, path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path if path.is_absolute() else settings.home.parent / path),
        "OPTIONS": {
            "init_command": ";".join(PRAGMAS),
            "transaction_mode": "IMMEDIATE",  # a transaction that reads first cannot then fail to write
            "timeout": settings.database.lock_timeout_seconds,
        },
    }


def _postgresql(settings: Settings, url: str) -> dict[str, Any]:
    from psycopg.conninfo import conninfo_to_dict

    database = settings.database
    parts = dict(conninfo_to_dict(url))
    password = parts.pop("password", None) or (database.password and database.password.get_secret_value()) or ""
    parts.pop("options", None)
    milliseconds = {
        "statement_timeout": database.statement_timeout_seconds,
        "lock_timeout": database.lock_timeout_seconds,
        "idle_in_transaction_session_timeout": 2 * database.statement_timeout_seconds,
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(str(parts.pop("dbname", "augury"))),
        "USER": str(parts.pop("user", "")),
        "PASSWORD": str(password),
        "HOST": str(parts.pop("host", "")),
        "PORT": str(parts.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **parts,
            "options": " ".join(f"-c {name}={int(1000 * seconds)}" for name, seconds in milliseconds.items()),
            "pool": {
                "min_size": database.pool_min,
                "max_size": max(database.pool_max, database.pool_min),
                "timeout": database.pool_timeout_seconds,
            },
        },
    }
