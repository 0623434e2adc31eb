"""The planner's statistics, taken anew."""

from __future__ import annotations

from django.db import connection

from augury_server.database.explaining import explained

__all__ = ["refresh_statistics"]


def refresh_statistics() -> None:
    """ANALYZE every table, so that the planner knows how many rows there are and of what; readers are not disturbed."""
    with explained("take the planner's statistics"), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
