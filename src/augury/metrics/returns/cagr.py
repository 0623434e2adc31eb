"""Compound annual growth rate."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.headline_kernels import CAGR_BARS, annual_growth

__all__ = ["cagr"]


def cagr(equity: FloatVector, initial_cash: float, periods_per_year: float, *, least_bars: int = CAGR_BARS) -> float:
    """Compound annual growth rate by counted bars: (equity[n-1]/initial_cash)^(A/n) - 1, A bars making a year.

    equity float64[n] at each bar's close; `initial_cash` before bar 0, so n bars are n returns. NaN under `least_bars`
    bars (a few bars raised to the power of a year say nothing) and when the account ends at 0 or below.
    The same convention as empyrical's `annual_return`; `calendar_cagr` counts days instead.

    >>> round(cagr([100.0 + bar for bar in range(1, 253)], 100.0, 252.0), 6)
    2.52
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    if curve.size < max(least_bars, 1):
        return math.nan
    return annual_growth(float(curve[-1]) / start, curve.size, positive(periods_per_year, "periods_per_year"))
