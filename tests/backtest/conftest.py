"""Bars of every temper for the tests of the backtest room."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.backtest import EngineRun
from augury.backtest.account.layout import FILL_BAR, FILL_COMMISSION, FILL_HELD, FILL_PRICE, FILL_UNITS
from augury.market.bars import BarArrays, bar_arrays
from augury.sample import load_sample

DAY = 86_400 * 10**9


def bars_of_closes(closes: np.ndarray, opens: np.ndarray | None = None, reach: np.ndarray | None = None) -> BarArrays:
    """Daily bars through these closes; `reach` float64[2, n] says how far high and low go beyond open and close."""
    n = len(closes)
    opens = np.concatenate([closes[:1], closes[:-1]]) if opens is None else opens
    reach = np.zeros((2, n)) if reach is None else reach
    high = np.maximum(opens, closes) * (1.0 + reach[0])
    low = np.minimum(opens, closes) * (1.0 - reach[1])
    matrix = np.ascontiguousarray(np.stack([opens, high, low, closes, np.full(n, 1e6)]), dtype=np.float64)
    return BarArrays(np.arange(n, dtype=np.int64) * DAY + 10**18, matrix)


def random_bars(seed: int, n: int, swing: float = 0.02) -> BarArrays:
    """A random walk with overnight gaps, weekends, bars without volume, and violent moves when `swing` is large."""
    rng = np.random.default_rng(seed)
    inside = rng.normal(0.0, swing, n)
    gaps = rng.normal(0.0, swing / 2, n) * (rng.random(n) < 0.5) + rng.normal(0.0, 10 * swing, n) * (
        rng.random(n) < 0.05
    )
    closes = 50.0 * np.exp(np.cumsum(inside + gaps))
    bars = bars_of_closes(closes, closes * np.exp(-inside), np.abs(rng.normal(0.0, swing / 2, (2, n))).clip(0.0, 0.9))
    bars.matrix[4] = rng.integers(0, 400, n) * (rng.random(n) < 0.9)
    opened_at = 10**18 + np.cumsum(rng.choice([1, 1, 1, 3], n)) * DAY
    return BarArrays(opened_at.astype(np.int64), bars.matrix)


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., BarArrays]:
    return bars_of_closes


@pytest.fixture(scope="session")
def make_random_bars() -> Callable[..., BarArrays]:
    return random_bars


@pytest.fixture(scope="session")
def real_bars() -> dict[str, BarArrays]:
    """Eight years of real daily bars, raw prices; peers and Augury are given the same, so splits do not matter."""
    bars = load_sample().bars
    return {ticker: bar_arrays(bars[ticker].loc["2005-03-01":"2013-03-01"]) for ticker in ("AAPL", "IBM", "MSFT")}


@pytest.fixture(scope="session")
def crossings() -> Callable[[BarArrays, int, int], tuple[np.ndarray, np.ndarray]]:
    """Bars at which a fast mean of closes crosses above and below a slow one; computed once and fed to both sides."""

    def find(bars: BarArrays, fast: int, slow: int) -> tuple[np.ndarray, np.ndarray]:
        sums = np.cumsum(np.concatenate([[0.0], bars.matrix[3]]))
        above = np.zeros(len(bars), dtype=np.bool_)
        last = np.arange(slow, len(bars) + 1)
        above[slow - 1 :] = (sums[last] - sums[last - fast]) / fast > (sums[last] - sums[last - slow]) / slow
        turned = np.diff(above.astype(np.int8), prepend=0)
        return turned > 0, turned < 0

    return find


@pytest.fixture(scope="session")
def flat_trades() -> Callable[[EngineRun], np.ndarray]:
    """Closed round trips float64[m, 6]: entry bar, exit bar, units (signed), entry price, exit price, profit.

    For runs whose positions are opened by one fill and closed or reversed by one.
    """

    def match(run: EngineRun) -> np.ndarray:
        trades, opened = [], None
        for row in run.fills.tolist():
            t, traded, price, fee = row[FILL_BAR], row[FILL_UNITS], row[FILL_PRICE], row[FILL_COMMISSION]
            if opened is not None:
                start, units, entry, paid = opened
                share = abs(units / traded)
                profit = units * (price - entry) - paid - fee * share
                trades.append((start, t, units, entry, price, profit))
                fee *= 1.0 - share
            opened = (t, row[FILL_HELD], price, fee) if row[FILL_HELD] else None
        return np.array(trades).reshape(-1, 6)

    return match
