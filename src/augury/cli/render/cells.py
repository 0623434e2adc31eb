"""Values as the cells of a table, and which columns fit on a screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

__all__ = ["Column", "fitted", "left_out", "shown", "title_of"]

_GAP = 3
_LEAST_TEXT = 24
"""A column of longer text may be folded to so many characters before columns are left out."""

_LEAST_SECOND = 12
"""The second of two columns may be folded to so many characters: a name without its value tells nothing."""

_LONGEST_WORD = 40
"""Identifiers up to so long, such as those of jobs, stand in one line, or can be neither read nor copied."""

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column by its name, with its cells as texts; `numbers` stand at the right."""

    name: str
    cells: Sequence[str]
    numbers: bool = False

    @property
    def natural(self) -> int:
        """The width that it has by itself."""
        return max(len(title_of(self.name)), *(len(text) for text in self.cells))

    @property
    def least(self) -> int:
        """The narrowest that it may be: long texts fold between words, an identifier is never cut in two."""
        whole = self.natural <= _LONGEST_WORD and not any(" " in text for text in self.cells)
        return self.natural if whole else min(self.natural, _LEAST_TEXT)


def fitted(columns: Sequence[Column], width: int) -> tuple[Table, list[Column], list[Column]]:
    """A table without rows of the columns that fit, long texts folded; those columns, and those that do not fit.

    Columns without any value are dropped. The last go first, as the first say what it is; two columns stay where the
    second can still be folded.
    """
    filled = [column for column in columns if any(text != "-" for text in column.cells)] or list(columns[:1])
    needed = [column.least + _GAP for column in filled]
    count = len(filled)
    while count > 1 and sum(needed[:count]) - _GAP > width and not (count == 2 and width - needed[0] >= _LEAST_SECOND):
        count -= 1
    places = filled[:count]
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for place, column in enumerate(places):
        folds = needed[place] - _GAP < column.natural
        table.add_column(
            escape(title_of(column.name)),
            justify="right" if column.numbers else "left",
            no_wrap=not folds and (count > 2 or place == 0),
            overflow="fold",
            min_width=_LEAST_TEXT if folds and count > 2 else None,
        )
    return table, places, filled[count:]


def left_out(hidden: Sequence[Column]) -> str:
    """The line, in Rich's markup, that names columns for which there is no room."""
    names = ", ".join(title_of(column.name) for column in hidden)
    return f"[dim]Not shown for want of room: {escape(names)}; widen the terminal, or --json.[/]"


def title_of(name: str) -> str:
    """A name as it stands above its values."""
    return str(name).removesuffix("_ns").replace("_", " ")


def shown(value: Any, name: str = "") -> str:
    """A plain value as text; `name` tells times in nanoseconds from other numbers."""
    if value is None or value in ("", [], (), {}):
        return "-"
    if isinstance(value, dict):
        named = ((key, shown(item, str(key))) for key, item in value.items())
        return ", ".join(f"{key}={text}" for key, text in named if text != "-") or "-"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item, name) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        if name.endswith("_ns") and 10**15 < value < 10**19:
            return _short_time(datetime.fromtimestamp(value // 10**9, UTC).isoformat())
        return f"{value:,}" if abs(value) >= 100_000 else str(value)
    return _short_time(str(value))


def _short_time(text: str) -> str:
    """A UTC time to the minute, without seconds that are none; any other text as it is."""
    found = _TIME.match(text)
    if found is None:
        return text
    return found[1] if found[2] == "00:00" and not (found[3] or "").strip(":0.") else f"{found[1]} {found[2]}"
