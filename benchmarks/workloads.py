"""The data, grids and costs that the backtest benchmarks share."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec, CostSpec
from augury.market.bars import BarArrays, bar_arrays, bars_frame

__all__ = [
    "COSTS",
    "SPEC",
    "agreed",
    "frame_of",
    "goog",
    "minutes",
    "pairs",
    "passed",
    "peers_frame",
    "sp500",
    "universe",
]

Value = TypeVar("Value")

COSTS = CostSpec(commission_rate=0.001, slippage_rate=0.0005, borrow_rate=0.0, margin_interest_rate=0.0)
"""0.1 % and 0.05 % a side; what holding costs is left out, since the peers charge none."""

SPEC = BacktestSpec(initial_cash=10_000.0, costs=COSTS, periods_per_year=252.0)

_DAY = 86_400 * 10**9
_COLUMNS = ("open", "high", "low", "close", "volume")


def frame_of(bars: BarArrays) -> pd.DataFrame:
    """Bars as users have them: a frame with a column for each price, indexed by time."""
    return bars_frame(bars.opened_at, bars.matrix)


def peers_frame(bars: BarArrays) -> pd.DataFrame:
    """The same without a time zone: vectorbt turns an index that has one into objects, which costs it seconds."""
    frame = frame_of(bars)
    frame.index = frame.index.tz_localize(None)
    return frame


@cache
def goog() -> BarArrays:
    """2,148 daily bars of GOOG, 2004 to 2013, adjusted for nothing (no split lies within)."""
    from bokeh_sampledata.stocks import GOOG

    frame = pd.DataFrame(
        {name: np.asarray(GOOG[name], dtype=float) for name in _COLUMNS},
        index=pd.DatetimeIndex(GOOG["date"], tz="UTC", name="timestamp"),
    )
    return bar_arrays(frame)


@cache
def sp500() -> BarArrays:
    """5,031 daily bars of the S&P 500, 1999 to 2018, read from the file in `arch` without importing `arch`."""
    package = importlib.util.find_spec("arch")
    assert package is not None, "the S&P 500 bars are in the package arch, which is not installed (extra `sample`)"
    path = Path(str(package.origin)).parent / "data" / "sp500" / "sp500.csv.gz"
    frame = pd.read_csv(path, index_col=0).rename(columns=str.lower)[list(_COLUMNS)].astype(float)
    frame.index = pd.DatetimeIndex(frame.index, tz="UTC", name="timestamp")
    return bar_arrays(frame)


def _walk(rng: np.random.Generator, bars: int, step: float, gap: float) -> np.ndarray:
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, step, bars)))
    first = np.concatenate([[50.0], close[:-1]]) * np.exp(rng.normal(0.0, gap, bars))
    reach = np.abs(rng.normal(0.0, step / 2, (2, bars)))
    high, low = np.maximum(first, close) * (1.0 + reach[0]), np.minimum(first, close) * (1.0 - reach[1])
    return np.ascontiguousarray([first, high, low, close, np.full(bars, 1e6)])


@cache
def minutes(bars: int) -> BarArrays:
    """One-minute bars of a geometric Brownian motion, 0.1 % a bar: as a coin that moves 70 % a year."""
    rng = np.random.default_rng(11)
    opened_at = 1_262_304_000 * 10**9 + 60 * 10**9 * np.arange(bars, dtype=np.int64)
    return BarArrays(opened_at, _walk(rng, bars, 1e-3, 4e-5))


@cache
def universe(symbols: int, bars: int) -> dict[str, BarArrays]:
    """Daily bars of so many geometric Brownian motions on one calendar."""
    rng = np.random.default_rng(7)
    opened_at = 1_262_304_000 * 10**9 + _DAY * np.arange(bars, dtype=np.int64)
    return {f"S{s:03d}": BarArrays(opened_at, _walk(rng, bars, 0.015, 0.003)) for s in range(symbols)}


def pairs(windows: range) -> np.ndarray:
    """Every pair (fast, slow) of windows with fast below slow, int64[m, 2], in the order of a sweep."""
    return np.array([(fast, slow) for fast in windows for slow in windows if fast < slow], dtype=np.int64)


def agreed(ours: object, theirs: object, tolerance: float = 1e-9, absolute: float = 0.0) -> str:
    """The largest relative difference as text; a benchmark whose numbers disagree stops here, before its times."""
    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(mine, other, rtol=tolerance, atol=absolute)
    scale = np.maximum(np.abs(other), 1e-300)
    return f"equal to {max(float(np.nanmax(np.abs(mine - other) / scale)), 1e-16):.0e}"


def passed(work: Callable[[], Value]) -> Value:
    """Call with every warning of a peer kept off the page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()
