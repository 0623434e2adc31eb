"""Five years of the S&P 500 as they came: what pandas finds broken is refused row by row, all else is stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.load_bars import load_bars
from augury_server.ingest.models import Bar, DeadLetter

FILE = Path(os.environ.get("AUGURY_DATA", "")) / "equities_daily" / "sp500_2013_2018.parquet"


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA does not name a folder of real data")
def test_real_bars_are_stored_but_for_the_rows_that_pandas_finds_broken(platform: Any, tmp_path: Path) -> None:
    table = pd.read_parquet(FILE)
    every = sorted(table["symbol"].unique())
    flawed = ["DHR", "O", "FTV", "REGN", "UA", "BAX", "NI", "DISCK"]
    chosen = sorted({*flawed, *every[::16]})
    table = table[table["symbol"].isin(chosen)].reset_index(drop=True)
    table.to_parquet(tmp_path / "sp500.parquet")
    prices = table[["open", "high", "low", "close"]]
    bad = table[["open", "high", "low", "close", "volume"]].isna().any(axis=1)
    bad |= (prices["high"] < prices[["open", "close"]].max(axis=1)) & ~bad
    bad |= (prices["low"] > prices[["open", "close"]].min(axis=1)) & ~bad
    loaded = load_bars(f"file:{tmp_path / 'sp500.parquet'}", None, "1D")
    assert {one.symbol: one.state for one in loaded.symbols} == dict.fromkeys(chosen, "loaded"), [
        one.reason for one in loaded.of("refused", "failed")
    ]
    rows = {letter.payload["row"] for letter in DeadLetter.objects.all()}
    assert rows == set(np.flatnonzero(bad))
    assert len(rows) > 0
    assert Bar.objects.count() == int((~bad).sum())
    for symbol in chosen:
        expected = table[(table["symbol"] == symbol) & ~bad].set_index("timestamp").sort_index()
        held = DatabaseBars().read(symbol, "1D")
        np.testing.assert_array_equal(held.index.asi8, expected.index.as_unit("ns").asi8)
        np.testing.assert_array_equal(held.to_numpy(), expected[held.columns].to_numpy(dtype=float))
    again = load_bars(f"file:{tmp_path / 'sp500.parquet'}", None, "1D")
    assert again.total("new") == again.total("restated") == 0
    assert DeadLetter.objects.count() == len(rows)
