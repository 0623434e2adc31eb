"""A Table in the terminal."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from augury_server.operations.table import Table

__all__ = ["render"]

_COLOURS = {
    "running": "cyan", "queued": "yellow", "succeeded": "green", "failed": "red", "cancelled": "dim", "ok": "green",
    "missing": "red", "champion": "green", "challenger": "cyan", "archived": "dim", "warning": "yellow",
}  # fmt: skip


def render(result: Table, console: Console) -> None:
    """Print the title, facts, rows and notes."""
    console.print(f"[bold]{escape(result.title)}[/]")
    width = max((len(name) for name in result.facts), default=0)
    for name, value in result.facts.items():
        console.print(f"  {name:<{width}}  {escape(_shown(value))}", soft_wrap=True)
    if result.columns:
        _print_rows(result, console)
    for note in result.notes:
        console.print(escape(note), soft_wrap=True)


def _print_rows(result: Table, console: Console) -> None:
    if not result.rows:
        console.print("  nothing to list")
        return
    table = RichTable(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for place, name in enumerate(result.columns):
        numbers = all(isinstance(row[place], int | float) for row in result.rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*(_coloured(value) for value in row))
    console.print(table)


def _coloured(value: Any) -> str:
    text = escape(_shown(value))
    colour = _COLOURS.get(text)
    return f"[{colour}]{text}[/]" if colour else text


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 100_000 else str(value)
