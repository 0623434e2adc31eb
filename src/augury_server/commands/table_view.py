"""A Table in the terminal: what fits, shown well; what does not, named."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from augury.cli.render.cells import Column, fitted, left_out, shown, title_of
from augury_server.operations.table import Table

__all__ = ["render"]

_COLOURS = {
    "running": "cyan", "queued": "yellow", "succeeded": "green", "failed": "red", "cancelled": "dim", "ok": "green",
    "missing": "red", "champion": "green", "challenger": "cyan", "archived": "dim", "warning": "yellow", "BUY": "green",
    "SELL": "red", "refused": "red", "lost": "red", "loaded": "green",
}  # fmt: skip


def render(result: Table, console: Console) -> None:
    """Print the title, facts, rows and notes."""
    console.print(f"[bold]{escape(result.title)}[/]")
    width = max((len(title_of(name)) for name in result.facts), default=0)
    for name, value in result.facts.items():
        console.print(f"  {title_of(name):<{width}}  {escape(shown(value, name))}", soft_wrap=True)
    if result.columns:
        _print_rows(result, console)
    for note in result.notes:
        console.print(escape(note), soft_wrap=True)


def _print_rows(result: Table, console: Console) -> None:
    if not result.rows:
        console.print("  nothing to list")
        return
    columns = [
        Column(
            name=name,
            cells=[shown(row[place], name) for row in result.rows],
            numbers=all(isinstance(row[place], int | float | None) for row in result.rows),
        )
        for place, name in enumerate(result.columns)
    ]
    table, places, hidden = fitted(columns, console.width)
    for row in range(len(result.rows)):
        table.add_row(*(_coloured(column.cells[row]) for column in places))
    console.print(table)
    if hidden:
        console.print(left_out(hidden))


def _coloured(text: str) -> str:
    colour = _COLOURS.get(text)
    return f"[{colour}]{escape(text)}[/]" if colour else escape(text)
