"""SQL over the store: the same rows as reading, and no way to anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.market.store import BarStore

MakeBars = Callable[..., pd.DataFrame]


@pytest.fixture
def store(tmp_path: Path, make_bars: MakeBars) -> BarStore:
    store = BarStore(tmp_path / "store")
    for seed, symbol in enumerate(("AAPL", "MSFT")):
        store.append(symbol, "1h", make_bars(48, seed=seed))
    store.append("AAPL", "1D", make_bars(9, freq="D"))
    return store


def test_a_query_gives_the_rows_that_reading_gives(store: BarStore) -> None:
    rows = store.query(
        "SELECT timestamp, open, high, low, close, volume FROM bars WHERE symbol = ? AND timeframe = ? ORDER BY 1",
        ["MSFT", "1h"],
    ).set_index("timestamp")
    expected = store.read("MSFT", "1h")
    assert rows.index.equals(expected.index)
    assert rows.to_numpy().tobytes() == np.ascontiguousarray(expected.to_numpy()).tobytes()


def test_aggregates_agree_with_pandas_and_times_come_in_utc(store: BarStore, make_bars: MakeBars) -> None:
    found = store.query(
        "SELECT symbol, timeframe, count(*) AS bars, avg(close) AS mean, min(timestamp) AS first FROM bars "
        "WHERE timestamp >= TIMESTAMP '2024-01-01 05:00' GROUP BY ALL ORDER BY ALL"
    )
    assert found[["symbol", "timeframe", "bars"]].to_numpy().tolist() == [
        ["AAPL", "1D", 8],
        ["AAPL", "1h", 43],
        ["MSFT", "1h", 43],
    ]
    assert found["mean"].iloc[1] == pytest.approx(make_bars(48, seed=0)["close"].iloc[5:].mean(), rel=1e-12)
    assert found["first"].iloc[1] == pd.Timestamp("2024-01-01T05:00Z")


def test_an_empty_store_answers_with_no_rows(tmp_path: Path) -> None:
    frame = BarStore(tmp_path).query("SELECT * FROM bars")
    assert frame.empty
    assert list(frame.columns) == ["symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume"]


FORBIDDEN = [
    "DROP VIEW bars",
    "CREATE TABLE t AS SELECT 1",
    "COPY bars TO '{folder}/out.csv'",
    "COPY bars TO '{folder}/store/out.parquet'",
    "SELECT 1; COPY bars TO '{folder}/store/out.parquet'",
    "ATTACH '{folder}/store/x.db'",
    "INSTALL httpfs",
    "SET enable_external_access = true",
    "SELECT * FROM read_text('{folder}/secret.txt')",
    "SELECT * FROM '{folder}/secret.csv'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM query('COPY bars TO ''{folder}/store/out.csv''')",
    "SELECT * FROM secret",
    "SELECT nothing FROM bars",
    "SELEC 1",
    "",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_nothing_else_can_be_read_and_nothing_written(store: BarStore, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    secret = pd.DataFrame({"a": [1]})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput):
        store.query(sql.format(folder=tmp_path))
    assert sorted(tmp_path.rglob("*")) == before
    assert store.verify() == ()
    assert len(secret) == 1
