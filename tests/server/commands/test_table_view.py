"""A table in the terminal shows what fits, names what does not, and hides nothing that is there."""

from __future__ import annotations

import io

from rich.console import Console

from augury_server.commands.table_view import render
from augury_server.operations.table import Table, counted


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


def test_an_identifier_is_never_cut_in_two_and_texts_fold_between_words() -> None:
    job = "836a224e-c9c7-4f57-a4e3-b5b142892017"
    text = printed(Table(title="t", columns=("id", "why"), rows=((job, "words that go on and on " * 5),)), width=70)
    assert job in text
    assert "Not shown" not in text


def test_options_are_shown_as_they_are_typed_and_what_is_left_out_is_not() -> None:
    table = Table(title="t", facts={"options": {"batch": 1000, "only": None, "set": [], "dry_run": False}, "none": {}})
    text = printed(table)
    assert "batch=1000, dry_run=no" in text
    assert "only" not in text
    assert "{" not in text


def test_a_number_agrees_with_its_noun() -> None:
    assert [counted(n, "job") for n in (0, 1, 2, 1200)] == ["0 jobs", "1 job", "2 jobs", "1,200 jobs"]


def test_the_last_columns_go_first_and_a_setting_keeps_its_value() -> None:
    columns = ("at", "action", "outcome", "note")
    text = printed(Table(title="t", columns=columns, rows=(("2026-11-22", "universe.generate", "done", "yes"),)), 36)
    assert "universe.generate" in text
    assert "Not shown for want of room: outcome, note;" in " ".join(text.split())
    rows = (("database.statement_timeout_seconds", "sixty seconds and no more"),)
    text = printed(Table(title="t", columns=("setting", "value"), rows=rows), 52)
    assert "sixty" in text
    assert "Not shown" not in text
