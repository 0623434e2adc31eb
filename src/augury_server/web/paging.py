"""Pages of tables of any size: no query counts all rows of a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator as DjangoPaginator
from django.db import connection
from django.utils.functional import cached_property

if TYPE_CHECKING:
    Paginator = DjangoPaginator[Any]
else:
    Paginator = DjangoPaginator

__all__ = ["DEEPEST", "BoundedPaginator"]

DEEPEST = 10_000
"""How many rows can be paged through, and how far they are counted: what lies deeper is found by filters."""


class BoundedPaginator(Paginator):
    """Counts at most `DEEPEST` rows, by index, and says about how many there are beyond."""

    template_name = "augury/pagination.html"

    @cached_property
    def counted(self) -> int:
        """How many rows there are, counted no further than one beyond `DEEPEST`."""
        rows: Any = self.object_list
        if isinstance(rows, list | tuple):
            return len(rows)
        return int(rows.order_by()[: DEEPEST + 1].count())

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(self.counted, DEEPEST)

    @property
    def beyond(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self.counted > DEEPEST

    @cached_property
    def about(self) -> int | None:
        """About how many rows there are, where PostgreSQL's planner knows it: for a whole table only."""
        rows: Any = self.object_list
        if not self.beyond or connection.vendor != "postgresql" or rows.query.where or rows.query.distinct:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table]
            )
            (estimate,) = cursor.fetchone()
        if estimate <= DEEPEST:
            return None
        size = 10 ** max(0, len(str(estimate)) - 3)
        return int(round(estimate / size) * size)

    @property
    def count_text(self) -> str:
        """`count` as it is printed."""
        return f"{self.count:,}"

    @property
    def about_text(self) -> str:
        """`about` as it is printed; empty when nobody knows."""
        return f"{self.about:,}" if self.about else ""
