"""One at a time: who makes versions that need stored files, and who deletes files that no version needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from augury_server.database.explaining import explained

__all__ = ["storage_lock"]

_LOCK = 0x6D6F6465
"""Of PostgreSQL's advisory locks; on SQLite the transaction itself is the only writer."""


@contextmanager
def storage_lock() -> Iterator[None]:
    """A transaction that no other holder of this lock runs beside."""
    with explained("change the registry"), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
