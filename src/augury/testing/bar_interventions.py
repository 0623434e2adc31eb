"""Ways to change the bars after a moment while keeping the Bars contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.market.bars import BAR_COLUMNS

__all__ = ["BAR_CHANGES", "END_CHANGES", "BarChange", "wild_bars"]

BarChange: TypeAlias = Callable[[pd.DataFrame, int, np.random.Generator], pd.DataFrame]
EXTREME_PRICE = 1e7  # times the last price: far outside the sample, far from overflow
EXTREME_VOLUME = 1e12


def wild_bars(count: int, price: float, volume: float, rng: np.random.Generator) -> FloatMatrix:
    """Bars float64[count, 5] unlike any market: the first jumps away from `price`, ranges and volumes vary hugely."""
    level = price * np.exp(rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 2.0))
    close = level * np.exp(np.cumsum(0.2 * rng.standard_normal(count)))
    open_ = close * np.exp(0.1 * rng.standard_normal(count))
    high = np.maximum(open_, close) * np.exp(rng.exponential(0.1, count))
    low = np.minimum(open_, close) * np.exp(-rng.exponential(0.1, count))
    return np.column_stack([open_, high, low, close, max(volume, 1.0) * np.exp(2.0 * rng.standard_normal(count))])


def _replace(bars: pd.DataFrame, first: int, stop: int, values: FloatMatrix, rng: np.random.Generator) -> pd.DataFrame:
    """A copy with rows first..stop-1 of the five columns set to `values`, other numbers rescaled."""
    columns: dict[Any, Any] = {}
    for name, kind in bars.dtypes.items():
        column = bars[name].to_numpy(copy=True)
        if name in BAR_COLUMNS:
            column[first:stop] = values[:, BAR_COLUMNS.index(str(name))]
        elif pd.api.types.is_float_dtype(kind):
            column[first:stop] = 3.0 * column[first:stop] + rng.standard_normal(stop - first)
        columns[name] = column
    return pd.DataFrame(columns, index=bars.index)


def _last_known(bars: pd.DataFrame, first: int) -> tuple[float, float]:
    row = bars.iloc[max(first - 1, 0)]
    return float(row["close"]), float(row["volume"])


def truncate(bars: pd.DataFrame, first: int, _rng: np.random.Generator) -> pd.DataFrame:
    """Nothing follows: the prefix alone."""
    return bars.iloc[:first].copy()


def noise(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Every later bar becomes wild noise."""
    count = len(bars) - first
    return _replace(bars, first, len(bars), wild_bars(count, *_last_known(bars, first), rng), rng)


def _extreme(bars: pd.DataFrame, first: int, stop: int, up: bool, rng: np.random.Generator) -> pd.DataFrame:
    price, volume = _last_known(bars, first)
    factor = EXTREME_PRICE if up else 1.0 / EXTREME_PRICE
    values = wild_bars(stop - first, price, volume, rng)
    values[:, :4] *= factor
    values[:, 4] = EXTREME_VOLUME * (1.0 + values[:, 4]) if up else 0.0
    return _replace(bars, first, stop, values, rng)


def surge(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Every later bar has enormous prices and volumes."""
    return _extreme(bars, first, len(bars), True, rng)


def crash(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Every later bar has vanishing prices and no volume."""
    return _extreme(bars, first, len(bars), False, rng)


def drop(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """The next bar and about half of the later ones are missing."""
    keep = rng.random(len(bars)) < 0.5
    keep[:first] = True
    keep[first : first + 1] = False
    return bars.loc[keep].copy()


def next_up(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """The next bar alone surges."""
    return _extreme(bars, first, first + 1, True, rng)


def next_down(bars: pd.DataFrame, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """The next bar alone crashes."""
    return _extreme(bars, first, first + 1, False, rng)


def append(bars: pd.DataFrame, _first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Wild bars follow the end of the series."""
    count = max(8, len(bars) // 4)
    interval = bars.index[-1] - bars.index[-2]
    index = pd.DatetimeIndex([bars.index[-1] + interval * step for step in range(1, count + 1)])
    extra = bars.iloc[np.arange(count) % len(bars)].copy()
    extra.index = index.as_unit("ns")
    values = wild_bars(count, *_last_known(bars, len(bars)), rng)
    joined = pd.concat([bars, _replace(extra, 0, count, values, rng)])
    joined.index.name = bars.index.name
    return joined


BAR_CHANGES: dict[str, BarChange] = {
    "truncate": truncate,
    "noise": noise,
    "surge": surge,
    "crash": crash,
    "drop": drop,
    "next_up": next_up,
    "next_down": next_down,
}
END_CHANGES: dict[str, BarChange] = {"append": append}
