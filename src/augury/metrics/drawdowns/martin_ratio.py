"""Martin ratio (ulcer performance index)."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import ratio
from augury.metrics.drawdowns.ulcer_index import ulcer_index
from augury.metrics.headline_kernels import CAGR_BARS
from augury.metrics.returns.cagr import cagr

__all__ = ["martin_ratio"]


def martin_ratio(
    equity: FloatVector, initial_cash: float, periods_per_year: float, *, least_bars: int = CAGR_BARS
) -> float:
    """Growth for the pain of it: `cagr` / `ulcer_index` (Martin and McCann 1989), risk-free rate 0.

    equity float64[n] at each bar's close. NaN where `cagr` is, and for a curve that never falls.

    >>> import numpy as np
    >>> round(martin_ratio(np.r_[np.full(126, 90.0), np.full(126, 120.0)], 100.0, 252.0), 6)
    2.828427
    """
    growth = cagr(equity, initial_cash, periods_per_year, least_bars=least_bars)
    return ratio(growth, ulcer_index(equity, initial_cash))
