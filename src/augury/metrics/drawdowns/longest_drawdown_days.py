"""Longest drawdown in days."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.metrics import curve_kernels
from augury.metrics.checked import positive, vector

__all__ = ["days_between_closes", "longest_drawdown_days"]

_DAY_NS = 86_400 * 10**9


def days_between_closes(opened_at: IntVector, first: int, last: int) -> float:
    """Days from the close of bar `first` to that of bar `last`; bar -1 closes when bar 0 opens.

    Closes are taken to be as far apart as opens; the first bar lasts the mean spacing.
    """
    if first >= 0:
        return float(opened_at[last] - opened_at[first]) / _DAY_NS
    if opened_at.size < 2:
        return math.nan
    bar = float(opened_at[-1] - opened_at[0]) / (opened_at.size - 1)
    return (float(opened_at[last] - opened_at[0]) + bar) / _DAY_NS


def longest_drawdown_days(equity: FloatVector, initial_cash: float, opened_at: IntVector) -> float:
    """Calendar days of the drawdown that lasts most bars, from the close of its peak to that of its recovery.

    equity float64[n] at each bar's close; opened_at int64[n] ns UTC, increasing. One still open counts up to the last
    bar. 0 for a curve that never falls, NaN without bars.

    >>> days = [day * 86_400 * 10**9 for day in (0, 1, 2, 5, 6)]  # two days without a bar
    >>> longest_drawdown_days([110.0, 88.0, 100.0, 110.0, 105.0], 100.0, days)
    5.0
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    times = np.asarray(opened_at, dtype=np.int64)
    if times.shape != curve.shape:
        raise InvalidInput(f"opened_at should have one time a bar, got {times.size} for {curve.size} bars")
    if curve.size == 0:
        return math.nan
    bars, first, last = curve_kernels.longest_drawdown(start, curve)
    return days_between_closes(times, first, last) if bars else 0.0
