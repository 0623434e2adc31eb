"""A database connection for one short use, left as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connections

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["AWAY", "borrowed_connection", "in_transaction"]

AWAY = (OperationalError, InterfaceError)
"""What Django raises when the database does not answer, is locked or gave a statement up."""


@contextmanager
def borrowed_connection(*, wait_seconds: float | None = None) -> Iterator[BaseDatabaseWrapper]:
    """This thread's connection; one that had to be opened is closed again, so that no thread of others keeps one.

    `wait_seconds` bounds how long a write waits for another writer of SQLite. A connection that turns out to be dead,
    as after a restart of the server, is closed, so that the next use opens a new one.
    """
    connection = connections["default"]
    found = connection.connection is not None
    short = wait_seconds is not None and connection.vendor == "sqlite" and not connection.in_atomic_block
    try:
        if short:
            _set_busy_timeout(connection, wait_seconds or 0.0)
        yield connection
    except AWAY:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        raise
    finally:
        if not connection.in_atomic_block:
            if not found:
                connection.close()
            elif short and connection.connection is not None:
                _set_busy_timeout(connection, float(connection.settings_dict["OPTIONS"].get("timeout", 5.0)))


def in_transaction() -> bool:
    """Whether this thread is within a transaction, whose end is not known yet."""
    return connections["default"].in_atomic_block


def _set_busy_timeout(connection: BaseDatabaseWrapper, seconds: float) -> None:
    connection.ensure_connection()
    connection.connection.execute(f"PRAGMA busy_timeout = {int(1000 * seconds)}")
