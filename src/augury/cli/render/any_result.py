"""Any result in the terminal, from its plain values alone: facts, tables of what is listed, notes."""

from __future__ import annotations

from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape

from augury.cli.render.cells import Column, fitted, left_out, shown, title_of

__all__ = ["AnyResult", "render"]

_MOST_ROWS = 1000
_DEEPEST = 3


class AnyResult(Protocol):
    """A title over plain values."""

    @property
    def title(self) -> str:
        """What stands above."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The values."""
        ...


def render(result: AnyResult, console: Console) -> None:
    """Print the title, single values, then lists of objects as tables, then the notes."""
    values = dict(result.to_dict())
    notes = values.pop("notes", ())
    console.print(f"[bold]{escape(result.title)}[/]", soft_wrap=True)
    _print_object(values, console, depth=0)
    for note in notes if isinstance(notes, list | tuple) else [notes]:
        console.print(escape(shown(note)), soft_wrap=True)


def _print_object(values: dict[str, Any], console: Console, depth: int) -> None:
    """Facts first, one a line, then what has parts of its own under its name."""
    indent = "  " * (depth + 1)
    parts = {name: value for name, value in values.items() if depth < _DEEPEST and _has_parts(value)}
    facts = {name: value for name, value in values.items() if name not in parts}
    width = max((len(title_of(name)) for name in facts), default=0)
    for name, value in facts.items():
        console.print(f"{indent}{escape(title_of(name)):<{width}}  {escape(shown(value, name))}", soft_wrap=True)
    for name, value in parts.items():
        if name != "rows" or depth:
            console.print(f"{indent}[bold]{escape(title_of(name))}[/]", soft_wrap=True)
        if isinstance(value, dict):
            _print_object(value, console, depth + 1)
        else:
            _print_rows(value, console)


def _has_parts(value: Any) -> bool:
    """Whether a value is better shown on lines of its own: objects with parts inside, and lists of objects."""
    if isinstance(value, dict):
        return len(value) > 4 or any(isinstance(item, dict) or _is_rows(item) for item in value.values())
    return _is_rows(value)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, dict) for item in value)


def _print_rows(rows: list[dict[str, Any]], console: Console) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [
        Column(
            name=name,
            cells=[shown(row.get(name), name) for row in rows[:_MOST_ROWS]],
            numbers=all(isinstance(row.get(name), int | float | None) for row in rows),
        )
        for name in names
    ]
    if not columns:
        console.print(f"  {len(rows):,} without anything to tell")
        return
    table, places, hidden = fitted(columns, console.width)
    for row in range(min(len(rows), _MOST_ROWS)):
        table.add_row(*(escape(column.cells[row]) for column in places))
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"[dim]The first {_MOST_ROWS:,} of {len(rows):,}; all with --json.[/]")
    if hidden:
        console.print(left_out(hidden))
