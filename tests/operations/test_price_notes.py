"""Jumps as at an unadjusted split are mentioned beside the signals."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from augury.cli.main import app
from augury.operations.price_notes import price_notes
from augury.sample import load_sample


def split_at(bars: pd.DataFrame, row: int, ratio: float) -> pd.DataFrame:
    changed = bars.copy()
    changed.iloc[row:, :4] /= ratio
    changed.iloc[row:, 4] *= ratio
    return changed


def test_a_planted_split_is_named_with_its_day_and_sound_prices_are_not_mentioned() -> None:
    bars = load_sample().bars["IBM"].iloc[-400:]
    assert price_notes({"IBM": bars}, "1D") == ()
    (note,) = price_notes({"IBM": split_at(bars, 250, 7.0), "OK": bars}, "1D")
    assert f"IBM on {bars.index[250].date()}" in note
    assert "OK" not in note


def test_the_note_stands_beside_the_signals(tmp_path: Path) -> None:
    path = tmp_path / "IBM.csv"
    split_at(load_sample().bars["IBM"].iloc[-400:], 250, 2.0).to_csv(path)
    result = CliRunner().invoke(app, ["signals", str(path), "--json"])
    assert any("unadjusted split" in note for note in json.loads(result.stdout)["notes"])


def test_a_real_split_of_the_sample_is_named() -> None:
    """AAPL split two for one on 2005-02-28; the sample's prices are raw."""
    bars = load_sample().bars["AAPL"].loc["2004-06-01":"2005-12-31"]
    (note,) = price_notes({"AAPL": bars}, "1D")
    assert "AAPL on 2005-02-28" in note
