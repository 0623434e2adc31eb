"""One ticker with broken bars in a file of several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from augury.cli.main import app
from augury.sample import load_sample


@pytest.fixture
def two_tickers(tmp_path: Path) -> Path:
    sample = load_sample().bars
    sound, broken = sample["AAPL"].iloc[-200:].copy(), sample["IBM"].iloc[-200:].copy()
    broken.iloc[17, broken.columns.get_loc("high")] = 0.01
    path = tmp_path / "two.csv"
    pd.concat([sound.assign(symbol="AAPL"), broken.assign(symbol="IBM")]).to_csv(path)
    return path


def _signals(*arguments: Any) -> Any:
    return CliRunner().invoke(app, ["signals", *map(str, arguments)])


def test_a_ticker_with_broken_bars_is_refused_and_the_others_are_judged(two_tickers: Path) -> None:
    result = _signals(two_tickers, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [signal["ticker"] for signal in found["signals"]] == ["AAPL"]
    assert "row 17" in found["refused"]["IBM"]
    shown = _signals(two_tickers)
    assert "augury quality" in shown.output
    assert "quality_report" not in shown.output


def test_asking_for_the_broken_ticker_alone_is_an_input_error(two_tickers: Path) -> None:
    result = _signals(two_tickers, "--tickers", "IBM")
    assert result.exit_code == 3
    assert "row 17" in result.output
    assert _signals(two_tickers, "--tickers", "AAPL").exit_code == 0
