"""What the engine's own figures say about the database, and what to do about it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone

from augury_server.database import advice_postgresql, advice_sqlite
from augury_server.database.advice_records import Advice, Finding, SlowStatement, TableFigures
from augury_server.database.explaining import explained

__all__ = ["Advice", "Finding", "SlowStatement", "TableFigures", "advise"]


def advise(now: datetime | None = None, *, slow: int = 10) -> Advice:
    """Read the engine's view of tables, indexes and statements and judge it; nothing is changed.

    On PostgreSQL from the statistics collector and `pg_stat_statements` when that is installed; on SQLite from its
    pragmas and the plans of the platform's lists. `slow` is how many statements are shown.
    """
    moment = now or timezone.now()
    with explained("read the engine's figures"):
        if connection.vendor == "postgresql":
            return advice_postgresql.advice(moment, slow)
        return advice_sqlite.advice()
