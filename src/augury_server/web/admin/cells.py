"""What stands in a cell of a list: coloured states, progress, times, figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

__all__ = ["COLOURS", "ago", "duration_text", "figure", "moment", "moment_text", "percent", "progress", "state"]

COLOURS = {
    "done": "success", "succeeded": "success", "finished": "success", "champion": "success", "running": "info",
    "matured": "success", "replayed": "success", "active": "success", "BUY": "success", "LOW": "success",
    "queued": "warning", "starting": "warning", "stopping": "warning", "pending": "warning", "refused": "warning",
    "open": "warning", "challenger": "info", "staged": "info", "MEDIUM": "warning", "interrupted": "warning",
    "failed": "danger", "lost": "danger", "SELL": "danger", "HIGH": "danger", "disabled": "danger",
    "administrator": "primary", "operator": "info",
}  # fmt: skip
"""Colour of a state's label, for every room: green ended well, blue is under way, amber waits, red needs somebody."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BAR = {"running": "bg-blue-500", "succeeded": "bg-green-500", "failed": "bg-red-500", "cancelled": "bg-base-400"}


def state(field: str, title: str = "") -> Any:
    """A coloured label with the value of a field."""

    @display(description=title or field.replace("_", " "), label=COLOURS)  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> Any:
        return getattr(row, field) or None

    return show


def moment_text(value: int | None) -> str:
    """A time in ns since the epoch as a date and, unless it is midnight, a time of day in UTC."""
    if value is None:
        return "-"
    at = _EPOCH + timedelta(microseconds=value // 1000)
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M:%S}"


def moment(field: str, title: str = "") -> Any:
    """A time in ns, readable."""
    name = title or field.removesuffix("_ns").replace("_", " ")

    @display(description=name)  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', moment_text(getattr(row, field)))

    return show


def ago(field: str, title: str = "", now: Callable[[], datetime] = timezone.now) -> Any:
    """How long ago a time was, with the time itself as the tooltip."""

    @display(description=title or field.removesuffix("_at").replace("_", " "))  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> str:
        at = getattr(row, field)
        if at is None:
            return "-"
        text = duration_text(abs((now() - at).total_seconds()))
        words = f"{text} ago" if at <= now() else f"in {text}"
        return format_html('<span class="whitespace-nowrap" title="{} UTC">{}</span>', f"{at:%Y-%m-%d %H:%M:%S}", words)

    return show


def duration_text(seconds: float) -> str:
    """A length of time in its largest unit: 42 s, 3 min, 5 h, 12 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def figure(field: str, title: str = "", digits: int = 4) -> Any:
    """A number with so many significant digits."""

    @display(description=title or field.replace("_", " "))  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> str:
        value = getattr(row, field)
        if value is None:
            return "-"
        return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 10**digits else f"{value:,.{digits}g}"

    return show


def percent(field: str, title: str = "", digits: int = 1) -> Any:
    """A fraction, printed in percent."""

    @display(description=title or field.replace("_", " "))  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> str:
        value = getattr(row, field)
        return "-" if value is None else f"{100 * value:.{digits}f} %"

    return show


def progress(fraction: str = "progress", text: str = "progress_text", state: str = "state") -> Any:
    """A bar that shows how far something is, coloured by its state."""

    @display(description="progress")  # type: ignore[untyped-decorator]
    def show(_: Any, row: Any) -> SafeString:
        done = 1.0 if getattr(row, state) == "succeeded" else min(1.0, max(0.0, getattr(row, fraction)))
        return format_html(
            '<div class="flex items-center gap-2 min-w-32" title="{}"><div class="bg-base-200 dark:bg-base-700 grow '
            'h-1.5 overflow-hidden rounded-default"><div class="{} h-1.5" style="width: {}%"></div></div>'
            '<span class="tabular-nums text-xs w-9 text-right">{}%</span></div>',
            getattr(row, text),
            _BAR.get(getattr(row, state), "bg-primary-500"),
            round(100 * done),
            round(100 * done),
        )

    return show
