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

_LASTING = "FULL"  # as every connection of the platform begins


@contextmanager
def borrowed_connection(*, wait_seconds: float | None = None) -> Iterator[BaseDatabaseWrapper]:
    """This thread's connection; one that had to be opened is closed again, so that no thread of others keeps one.

    `wait_seconds`, for writes that may be lost: how long they wait for another writer of SQLite at most; their commits
    do not wait for the disk, so that a power cut may undo the last of them and damages nothing (WAL). A connection that
    turns out to be dead, as after a restart of the server, is closed, so that the next use opens a new one.
    """
    connection = connections["default"]
    found = connection.connection is not None
    short = wait_seconds is not None and connection.vendor == "sqlite" and not connection.in_atomic_block
    try:
        if short:
            _prepare(connection, wait_seconds or 0.0, "NORMAL")
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
                _prepare(connection, float(connection.settings_dict["OPTIONS"].get("timeout", 5.0)), _LASTING)


def in_transaction() -> bool:
    """Whether this thread is within a transaction, whose end is not known yet."""
    return connections["default"].in_atomic_block


def _prepare(connection: BaseDatabaseWrapper, wait_seconds: float, synchronous: str) -> None:
    connection.ensure_connection()
    connection.connection.execute(f"PRAGMA busy_timeout = {int(1000 * wait_seconds)}")
    connection.connection.execute(f"PRAGMA synchronous = {synchronous}")
