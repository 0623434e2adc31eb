"""One process at a time changes the schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import OperationalError, connection

from augury.errors import Unavailable
from augury.market.store_disk import explained, locked
from augury_server.database.explaining import database_name

__all__ = ["schema_locked"]

_KEY = 0x6175_6775_7279  # "augury"


@contextmanager
def schema_locked(timeout_seconds: float) -> Iterator[None]:
    """Hold the schema's lock, which the system drops when the process ends, however it ends.

    On PostgreSQL it is an advisory lock of the connection, on SQLite a lock on a file beside the database. Statements
    of this connection have no time limit within. Raises Unavailable when another process holds it for too long.
    """
    if connection.vendor != "postgresql":
        path = Path(str(connection.settings_dict["NAME"]))
        with explained("migrate", path), locked(path.with_name(f".{path.name}.migrating"), timeout_seconds):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        before = cursor.fetchone()
    _set_timeouts("0", f"{max(1, int(1000 * timeout_seconds))}ms")
    try:
        _wait(timeout_seconds)
        _set_timeouts("0", before[1])
        try:
            yield
        finally:
            if connection.is_usable():  # what a lost connection held is gone with it
                _run("SELECT pg_advisory_unlock(%s)", [_KEY])
    finally:
        if connection.is_usable():
            _set_timeouts(*before)


def _wait(timeout_seconds: float) -> None:
    try:
        _run("SELECT pg_advisory_lock(%s)", [_KEY])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "55P03":
            raise
        raise Unavailable(
            f"{database_name()}: another process migrated it for longer than {timeout_seconds:g} s; look whether it "
            "still works, and retry"
        ) from error


def _set_timeouts(statement: str, lock: str) -> None:
    _run("SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)", [statement, lock])


def _run(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
