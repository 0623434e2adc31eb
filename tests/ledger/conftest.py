"""Entries and data for the ledger's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.ledger import DataKey, Entry, Ledger, SeriesKey

DAY = 86_400 * 10**9


def series(
    symbol: str = "SPX", fingerprint: str = "a1", *, first: int = 0, bars: int = 100, **changes: Any
) -> SeriesKey:
    values = {"timeframe": "1D", "first": first * DAY, "last": (first + bars - 1) * DAY}
    return SeriesKey(symbol=symbol, fingerprint=fingerprint, bars=bars, **(values | changes))


def data(*args: Any, **changes: Any) -> DataKey:
    return DataKey(series=(series(*args, **changes),))


def entry(fast: int = 10, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "kind": "backtest",
        "subject": "sma_crossover",
        "strategy_id": "c0de",
        "data": data(),
        "parameters": {"fast": fast, "slow": 50},
        "spec": {"commission_rate": 0.001},
        "headline": {"sharpe": 0.5 + fast, "max_drawdown": -0.2},
        "sharpes": np.array([0.01 * fast]),
        "returns": np.random.default_rng(fast).normal(0, 0.01, 100),
        "versions": {"augury": "0.1.0"},
        "seed": 7,
    }
    return Entry(**(values | changes))


@pytest.fixture(name="make_series")
def make_series_fixture() -> Callable[..., SeriesKey]:
    return series


@pytest.fixture(name="make_data")
def make_data_fixture() -> Callable[..., DataKey]:
    return data


@pytest.fixture(name="make_entry")
def make_entry_fixture() -> Callable[..., Entry]:
    return entry


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger whose clock ticks a second an entry."""
    ticks = iter(range(1_700_000_000 * 10**9, 1_800_000_000 * 10**9, 10**9))
    with Ledger(tmp_path / "augury-ledger.sqlite", clock=lambda: next(ticks)) as opened:
        yield opened
