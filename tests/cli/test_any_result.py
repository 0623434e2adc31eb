"""Any result in the terminal from its plain values: facts, tables, notes, on wide and on narrow screens."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from augury.cli.render.any_result import render

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=25,
)


@dataclass
class Told:
    values: dict[str, Any]
    title: str = "a title"

    def to_dict(self) -> dict[str, Any]:
        return self.values


@dataclass
class Screen:
    width: int = 100
    file: io.StringIO = field(default_factory=io.StringIO)

    def show(self, values: dict[str, Any]) -> str:
        console = Console(file=self.file, width=self.width, color_system=None)
        render(Told(values), console)
        return self.file.getvalue()


def test_facts_rows_and_notes_are_told_in_this_order() -> None:
    text = Screen().show(
        {
            "notes": ["look again"],
            "rows": [{"name": "a", "opened_at_ns": 1_600_000_000 * 10**9, "share": 0.12345, "empty": None}],
            "count": 1234567,
            "fine": True,
            "at": "2024-05-01T00:00:00Z",
        }
    )
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    assert lines[0] == "a title"
    assert lines[1:4] == ["  count  1,234,567", "  fine   yes", "  at     2024-05-01"]
    assert lines[4].split() == ["name", "opened", "at", "share"]
    assert lines[6].split() == ["a", "2020-09-13", "12:26", "0.1235"]
    assert lines[-1] == "look again"


def test_parts_of_a_result_stand_under_their_names() -> None:
    text = Screen().show({"model": {"name": "m", "scores": {"auc": 0.61}, "rows": [{"x": 1}]}, "n": 3})
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    assert lines[:4] == ["a title", "  n  3", "  model", "    name    m"]
    assert "    scores  auc=0.61" in lines


def test_columns_that_do_not_fit_are_named() -> None:
    rows = [{f"column_{place}": "a word that is long" for place in range(12)}]
    text = Screen(width=60).show({"rows": rows})
    assert "Not shown for want of room" in text
    assert "column 11" in text
    assert all(len(line) <= 200 for line in text.splitlines())


def test_identifiers_are_never_cut() -> None:
    name = "0123456789abcdef-0123456789abcdef"
    assert name in Screen(width=50).show({"rows": [{"id": name, "text": "several words in a row " * 4}]})


def test_markup_in_values_is_text() -> None:
    assert "[bold]x[/]" in Screen().show({"a": "[bold]x[/]", "rows": [{"[red]": "[/red]"}]})


@given(values=st.dictionaries(st.text(max_size=6), plain, max_size=6))
@pytest.mark.parametrize("width", [20, 80, 200])
def test_whatever_a_platform_answers_can_be_shown(values: dict[str, Any], width: int) -> None:
    assert "a title" in " ".join(Screen(width=width).show(values).split())
