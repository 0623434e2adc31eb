"""Errors of a database engine as Augury's: what happened, and whether trying again helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, connection

from augury.errors import AuguryError, Misconfigured, Unavailable

__all__ = ["database_name", "explained"]

_RETRY = "nothing of it was stored; retry"
_AWAY = "what was under way is undone, unless it was being committed just then; look and retry when the server is back"
_UNREACHED = "look whether it runs and whether database.url is right; retry"
_SCHEMA = "the tables are not those of this version; run: augury db migrate"
_DAMAGED = "the file is damaged; restore a backup"

_POSTGRESQL: dict[str, tuple[type[AuguryError], str]] = {
    "08000": (Unavailable, _AWAY),
    "08003": (Unavailable, _AWAY),
    "08006": (Unavailable, _AWAY),
    "25006": (Unavailable, "the server takes no writes: it is a standby, or set read-only"),
    "28000": (Misconfigured, "look at database.url and at the server's pg_hba.conf"),
    "28P01": (Misconfigured, "look at the user of database.url and at database.password"),
    "3D000": (Misconfigured, "create the database, or name another one in database.url"),
    "40001": (Unavailable, f"another transaction came in between; {_RETRY}"),
    "40P01": (Unavailable, f"two transactions waited for one another; {_RETRY}"),
    "42501": (Misconfigured, "give the user of database.url the rights of the tables' owner"),
    "42703": (Misconfigured, _SCHEMA),
    "42P01": (Misconfigured, _SCHEMA),
    "53100": (Unavailable, f"the server's disk is full: make room, or run: augury db retain; {_RETRY}"),
    "53200": (Unavailable, f"the server is out of memory; {_RETRY}"),
    "53300": (Unavailable, "the server has no connection left: lower database.pool_max, or raise max_connections"),
    "55P03": (Unavailable, f"another writer held the rows for longer than database.lock_timeout_seconds; {_RETRY}"),
    "57014": (Unavailable, f"it took longer than database.statement_timeout_seconds, or was cancelled; {_RETRY}"),
    "57P01": (Unavailable, _AWAY),
    "57P02": (Unavailable, _AWAY),
    "57P03": (Unavailable, "the server is starting, recovering or stopping; retry in a moment"),
}
_INTERNAL = "XX000"
_NO_ROOM = "could not extend file"
"""What a quota or a limit on files says, under the code of an internal error."""
_CONNECTING: dict[str, str] = {
    "the database system is ": "57P03",
    "too many clients": "53300",
    "too many connections": "53300",
    "remaining connection slots": "53300",
    "permission denied": "42501",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "pg_hba.conf": "28000",
    "role ": "28000",
    "database ": "3D000",
}
"""What a refused connection says, which comes without a code; the first that is found counts."""
_SQLITE: dict[str, tuple[type[AuguryError], str]] = {
    "SQLITE_BUSY": (Unavailable, f"another writer held it for longer than database.lock_timeout_seconds; {_RETRY}"),
    "SQLITE_CANTOPEN": (Misconfigured, "the folder should exist and this user be allowed to write there"),
    "SQLITE_CORRUPT": (Misconfigured, _DAMAGED),
    "SQLITE_FULL": (Unavailable, f"the disk is full: make room, or run: augury db retain; {_RETRY}"),
    "SQLITE_IOERR": (Unavailable, f"the disk failed or is full: make room and look at the system's log; {_RETRY}"),
    "SQLITE_LOCKED": (Unavailable, f"another writer held it for longer than database.lock_timeout_seconds; {_RETRY}"),
    "SQLITE_NOTADB": (Misconfigured, _DAMAGED),
    "SQLITE_READONLY": (Misconfigured, "this user should be allowed to write the file and its folder"),
}


def database_name() -> str:
    """The database as messages call it: its file, or its name and server; never a password."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(settings["NAME"])
    return f"database {settings['NAME']} at {settings['HOST'] or 'the local socket'}:{settings['PORT'] or 5432}"


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn an engine's error into Unavailable (retry) or Misconfigured (mend), with the reason and what to do.

    Put it around the outermost transaction of an action: a connection that turned out broken is then replaced by the
    next use. IntegrityError and DataError, which tell of the rows and not of the database, pass unchanged.
    """
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except (DatabaseError, InterfaceError) as error:
        reason = _reason(error)
        kind, advice = _judged(error, reason)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        if kind is None:
            raise
        raise kind(f"{database_name()}: cannot {doing}: {reason}; {advice}") from error


def _judged(error: Exception, reason: str) -> tuple[type[AuguryError] | None, str]:
    cause: Any = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is None and "connection failed" in reason:
        _, _, told = reason.rpartition("FATAL:")
        state = next((code for words, code in _CONNECTING.items() if words in told), None)
        if state is None:
            return Unavailable, _UNREACHED
    if state == _INTERNAL and _NO_ROOM in reason:
        state = "53100"
    if state in _POSTGRESQL:
        return _POSTGRESQL[state]
    name = getattr(cause, "sqlite_errorname", None) or ""
    if str(error).startswith(("no such table", "no such column")):
        return Misconfigured, _SCHEMA
    for known, judgement in _SQLITE.items():
        if name.startswith(known):
            return judgement
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable, _AWAY if connection.vendor == "postgresql" else _RETRY
    return None, ""


def _reason(error: Exception) -> str:
    """The engine's first line; when the pool had no connection to give, why it has none."""
    cause = error.__cause__
    if type(cause).__name__ == "PoolTimeout":
        return _why_no_connection() or str(cause)
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _why_no_connection() -> str:
    import psycopg

    parameters = {**connection.get_connection_params(), "connect_timeout": 2}
    try:
        psycopg.connect(**parameters).close()
    except psycopg.Error as error:
        return str(error).strip().partition("\n")[0]
    return f"all {connection.settings_dict['OPTIONS']['pool']['max_size']} connections of this process are in use"
