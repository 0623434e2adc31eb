"""Ledgers as JSON Lines and CSV."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from augury.errors import InvalidInput, Misconfigured
from augury.ledger import Entry, EntryFilter, Ledger, export_csv, export_json_lines

Make = Callable[..., Entry]


@pytest.fixture
def filled(ledger: Ledger, make_entry: Make) -> Ledger:
    notes = ["plain", 'quotes " and, commas', "two\nlines", "Grüße \ud800"]
    ledger.append_many([make_entry(fast, note=note) for fast, note in enumerate(notes, 1)])
    ledger.append(make_entry(5, headline={"sharpe": math.nan, "trades": 7}))
    return ledger


def test_json_lines_hold_every_entry_as_strict_json(filled: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert export_json_lines(filled, path) == 5
    lines = path.read_text().splitlines()
    found = [json.loads(line, parse_constant=lambda word: pytest.fail(word)) for line in lines]
    assert found == [one.to_dict() for one in filled.entries()]
    assert found[4]["headline"] == {"sharpe": None, "trades": 7}
    assert found[3]["note"] == "Grüße \ud800"


def test_csv_holds_one_row_an_entry_with_a_column_a_figure(filled: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert export_csv(filled, path, EntryFilter(until=3)) == 3
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == ["plain", 'quotes " and, commas', "two\nlines"]
    assert rows[0]["headline.sharpe"] == "1.5"
    assert json.loads(rows[1]["parameters"]) == {"fast": 2, "slow": 50}
    assert (rows[0]["symbols"], rows[0]["timeframes"], rows[0]["bars"]) == ("SPX", "1D", "100")
    export_csv(filled, path, EntryFilter(since=5))
    frame = pd.read_csv(path)
    assert frame["sequence"].tolist() == [5]
    assert frame["headline.trades"].tolist() == [7]
    assert frame["headline.sharpe"].isna().all()


def test_an_export_replaces_an_old_file_and_escapes_what_is_no_text(filled: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    assert export_csv(filled, path) == 5
    assert "Grüße \\ud800" in path.read_text(encoding="utf-8")
    assert [one.name for one in tmp_path.glob("*.tmp")] == []


def test_an_export_replaces_neither_the_ledger_nor_a_folder(filled: Ledger, tmp_path: Path) -> None:
    for own in (filled.path, filled.path.with_name(filled.path.name + ".head")):
        with pytest.raises(InvalidInput, match="is the ledger itself"):
            export_json_lines(filled, own)
    with pytest.raises(Misconfigured, match="cannot be written"):
        export_json_lines(filled, tmp_path / "nowhere" / "out.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Misconfigured, match="cannot be written"):
        export_csv(filled, tmp_path / "folder")
    assert [one.name for one in tmp_path.glob("*.tmp")] == []
    assert filled.verify().ok
