"""Filters that use an index, also on large tables: exact values and periods of time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin import SimpleListFilter
from django.utils import timezone
from unfold.contrib.filters.admin import TextFilter as UnfoldTextFilter

if TYPE_CHECKING:
    TextFilter = SimpleListFilter
else:
    TextFilter = UnfoldTextFilter

__all__ = ["exactly", "since"]

PERIODS = {
    "hour": ("Past hour", timedelta(hours=1)),
    "day": ("Past day", timedelta(days=1)),
    "week": ("Past week", timedelta(days=7)),
    "month": ("Past month", timedelta(days=31)),
    "year": ("Past year", timedelta(days=366)),
}


def exactly(lookup: str, title: str) -> type[SimpleListFilter]:
    """A filter for exactly what is typed: a symbol, a person, an action."""
    words, name = title, lookup

    class Exactly(TextFilter):
        """One value of one column."""

        title = words
        parameter_name = f"is_{name}"

        def queryset(self, request: Any, queryset: Any) -> Any:  # noqa: ARG002
            """Rows with the value."""
            value = self.value()
            return queryset.filter(**{name: value.strip()}) if value and value.strip() else queryset

    return Exactly


def since(column: str, title: str) -> type[SimpleListFilter]:
    """A filter for rows of the past hour, day, week, month or year by a time, a datetime or in ns."""
    words = title

    class Since(SimpleListFilter):
        """Rows after a moment."""

        title = words
        parameter_name = f"since_{column}"

        def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
            """The periods to choose from."""
            return [(name, text) for name, (text, _) in PERIODS.items()]

        def queryset(self, request: Any, queryset: Any) -> Any:  # noqa: ARG002
            """Rows of the period."""
            if self.value() not in PERIODS:
                return queryset
            start: Any = timezone.now() - PERIODS[str(self.value())][1]
            if column.endswith("_ns"):
                start = int(start.timestamp()) * 1_000_000_000
            return queryset.filter(**{f"{column}__gte": start})

    return Since
