"""How the page of one row shows a column: times readable, states coloured, progress as a bar, nothing as a dash."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import models
from unfold.utils import display_for_label

from augury_server.web.admin.cells import COLOURS, moment_text, progress

__all__ = ["detail_cell"]


def detail_cell(field: Any, row: Any) -> str | Callable[[Any], Any]:
    """The name of the field, where Django shows it well, or a function from the row to what is shown."""
    if field.name.endswith("_ns"):
        return _named(field.name, "ns")
    if isinstance(field, models.DateTimeField):
        return _named(field.name, "time")
    if field.name == "progress":
        return _named(field.name, "progress")
    if field.choices and not isinstance(field, models.BooleanField):
        return _named(field.name, "state")
    if isinstance(field, models.JSONField) and (row is None or getattr(row, field.name) in (None, {}, [])):
        return _named(field.name, "empty")
    if isinstance(field, models.FloatField):
        return _named(field.name, "number")
    return str(field.name)


@cache
def _named(name: str, kind: str) -> Callable[[Any], Any]:
    """One function a column: Django compares those that it is given by identity."""

    def show(row: Any) -> Any:
        return _SHOWN[kind](row, name)

    show.__name__ = name.removesuffix("_ns")
    show.short_description = show.__name__.replace("_", " ")  # type: ignore[attr-defined]
    return show


def _time(row: Any, name: str) -> str:
    at = getattr(row, name)
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _number(row: Any, name: str) -> str:
    value = getattr(row, name)
    return "-" if value is None else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


_BAR = progress()
_SHOWN: dict[str, Callable[[Any, str], Any]] = {
    "ns": lambda row, name: moment_text(getattr(row, name)),
    "time": _time,
    "progress": lambda row, _: _BAR(None, row),
    "state": lambda row, name: display_for_label(getattr(row, name), "-", COLOURS),
    "empty": lambda _row, _name: "-",
    "number": _number,
}
