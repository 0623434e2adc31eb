"""A table in the terminal shows what fits, names what does not, and hides nothing that is there."""

from __future__ import annotations

import io

from rich.console import Console

from augury_server.commands.table_view import render
from augury_server.operations.table import Table


def printed(result: Table, width: int = 80) -> str:
    out = io.StringIO()
    render(result, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_every_value_of_a_table_that_fits_is_there() -> None:
    table = Table(
        title="Three",
        columns=("name", "state", "at_ns", "empty"),
        rows=(("a", "ok", 1_700_000_000_000_000_000, None), ("b", "failed", 1_700_000_060_000_000_000, "")),
        facts={"lag_hours": 1.25, "whole": True},
        notes=("a note",),
    )
    text = printed(table)
    for words in ("Three", "lag hours", "1.25", "yes", "2023-11-14 22:13", "failed", "a note"):
        assert words in text
    assert "empty" not in text
    assert "want of room" not in text


def test_columns_that_do_not_fit_are_named() -> None:
    columns = tuple(f"column_{n}" for n in range(12))
    text = printed(Table(title="t", columns=columns, rows=(tuple("x" * 12 for _ in columns),)))
    shown, _, hidden = text.partition("Not shown for want of room: ")
    for name in (name.replace("_", " ") for name in columns):
        assert (f"{name} " in shown) != (f"{name}," in hidden or f"{name};" in hidden)


def test_a_table_without_rows_says_so_and_markup_is_text() -> None:
    assert "nothing to list" in printed(Table(title="[red]t", columns=("a",)))
    assert "[red]t" in printed(Table(title="[red]t", columns=("a",), rows=(("[b]x",),)))
    assert "[b]x" in printed(Table(title="t", columns=("a",), rows=(("[b]x",),)))
