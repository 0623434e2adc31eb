"""A Table in the terminal: what fits, shown well; what does not, named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from augury_server.operations.table import Table

__all__ = ["render"]

_COLOURS = {
    "running": "cyan", "queued": "yellow", "succeeded": "green", "failed": "red", "cancelled": "dim", "ok": "green",
    "missing": "red", "champion": "green", "challenger": "cyan", "archived": "dim", "warning": "yellow", "BUY": "green",
    "SELL": "red", "refused": "red", "lost": "red", "loaded": "green",
}  # fmt: skip
_GAP = 3
_LEAST_TEXT = 24
"""A column of longer text may be folded to so many characters before columns are left out."""

_LEAST_SECOND = 12
"""The second of two columns may be folded to so many characters: a name without its value tells nothing."""

_LONGEST_WORD = 40
"""Identifiers up to so long, such as those of jobs, stand in one line, or can be neither read nor copied."""

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|\+00:00)$")


def render(result: Table, console: Console) -> None:
    """Print the title, facts, rows and notes."""
    console.print(f"[bold]{escape(result.title)}[/]")
    width = max((len(_title(name)) for name in result.facts), default=0)
    for name, value in result.facts.items():
        console.print(f"  {_title(name):<{width}}  {escape(_shown(value, name))}", soft_wrap=True)
    if result.columns:
        _print_rows(result, console)
    for note in result.notes:
        console.print(escape(note), soft_wrap=True)


def _print_rows(result: Table, console: Console) -> None:
    if not result.rows:
        console.print("  nothing to list")
        return
    cells = [[_shown(value, name) for value, name in zip(row, result.columns, strict=True)] for row in result.rows]
    filled = [place for place in range(len(result.columns)) if any(row[place] != "-" for row in cells)] or [0]
    places, hidden = _fitting(result, cells, filled, console.width)
    table = RichTable(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for place in places:
        numbers = all(isinstance(row[place], int | float | None) for row in result.rows)
        folds = _least(result, cells, place) < _natural(result, cells, place)
        table.add_column(
            _title(result.columns[place]),
            justify="right" if numbers else "left",
            no_wrap=not folds and (len(places) > 2 or place == places[0]),
            overflow="fold",
            min_width=_LEAST_TEXT if folds and len(places) > 2 else None,
        )
    for row in cells:
        table.add_row(*(_coloured(row[place]) for place in places))
    console.print(table)
    if hidden:
        names = ", ".join(_title(result.columns[place]) for place in hidden)
        console.print(f"[dim]Not shown for want of room: {escape(names)}; widen the terminal, or --json.[/]")


def _natural(result: Table, cells: list[list[str]], place: int) -> int:
    return max(len(_title(result.columns[place])), *(len(row[place]) for row in cells))


def _least(result: Table, cells: list[list[str]], place: int) -> int:
    """The narrowest that a column may be: long texts fold between words, an identifier is never cut in two."""
    natural = _natural(result, cells, place)
    whole = natural <= _LONGEST_WORD and not any(" " in row[place] for row in cells)
    return natural if whole else min(natural, _LEAST_TEXT)


def _fitting(result: Table, cells: list[list[str]], filled: list[int], width: int) -> tuple[list[int], list[int]]:
    """The columns that fit, long texts folded, and those that do not: the last go first, as the first say what it is.

    Two columns stay where the second can still be folded.
    """
    needed = {place: _least(result, cells, place) + _GAP for place in filled}
    places = list(filled)
    while len(places) > 1 and sum(needed[place] for place in places) - _GAP > width:
        if len(places) == 2 and width - needed[places[0]] >= _LEAST_SECOND:
            break
        places.pop()
    return places, [place for place in filled if place not in places]


def _title(name: str) -> str:
    return name.removesuffix("_ns").replace("_", " ")


def _coloured(text: str) -> str:
    colour = _COLOURS.get(text)
    return f"[{colour}]{escape(text)}[/]" if colour else escape(text)


def _shown(value: Any, name: str = "") -> str:
    if value is None or value in ("", [], (), {}):
        return "-"
    if isinstance(value, dict):
        named = ((key, _shown(item, key)) for key, item in value.items())
        return ", ".join(f"{key}={text}" for key, text in named if text != "-") or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item, name) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        if name.endswith("_ns") and value > 10**15:
            return _short_time(datetime.fromtimestamp(value // 10**9, UTC).isoformat())
        return f"{value:,}" if abs(value) >= 100_000 else str(value)
    return _short_time(str(value))


def _short_time(text: str) -> str:
    """A UTC time to the minute, without seconds that are none; any other text as it is."""
    found = _TIME.match(text)
    if found is None:
        return text
    return found[1] if found[2] == "00:00" and not (found[3] or "").strip(":0.") else f"{found[1]} {found[2]}"
