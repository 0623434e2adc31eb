"""Compound annual growth rate by the calendar."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.metrics.checked import positive, vector
from augury.metrics.headline_kernels import CAGR_BARS, annual_growth

__all__ = ["YEAR_DAYS", "calendar_cagr", "span_days"]

YEAR_DAYS = 365.25
_DAY_NS = 86_400 * 10**9


def span_days(opened_at: IntVector) -> float:
    """Days from the first bar's open to the last bar's close, lasting the mean spacing; NaN under two bars."""
    n = opened_at.size
    return float(opened_at[-1] - opened_at[0]) / _DAY_NS * (n / (n - 1)) if n > 1 else math.nan


def calendar_cagr(
    equity: FloatVector, initial_cash: float, opened_at: IntVector, *, least_bars: int = CAGR_BARS
) -> float:
    """Compound annual growth rate by elapsed days: (equity[n-1]/initial_cash)^(365.25/days) - 1.

    equity float64[n] at each bar's close; opened_at int64[n] ns UTC, increasing; days run from the first open to the
    last close. NaN under `least_bars` bars and when the account ends at 0 or below. ffn and
    backtesting.py count calendar days too, from the first stamp to the last.

    >>> days = [day * 86_400 * 10**9 for day in range(1461)]  # four years
    >>> round(calendar_cagr([100.0] * 1460 + [200.0], 100.0, days), 6)
    0.189207
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    times = np.asarray(opened_at, dtype=np.int64)
    if times.shape != curve.shape:
        raise InvalidInput(f"opened_at should have one time a bar, got {times.size} for {curve.size} bars")
    if curve.size < max(least_bars, 2):
        return math.nan
    return annual_growth(float(curve[-1]) / start, span_days(times), YEAR_DAYS)
