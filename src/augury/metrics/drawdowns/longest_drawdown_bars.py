"""Longest drawdown in bars."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics import curve_kernels
from augury.metrics.checked import positive, vector

__all__ = ["longest_drawdown_bars"]


def longest_drawdown_bars(equity: FloatVector, initial_cash: float) -> float:
    """Bars from a peak to its recovery, the longest; a drawdown still open at the end is counted up to the last bar.

    equity float64[n] at each bar's close; the first peak is `initial_cash`, before bar 0. Recovered means equity at or
    above the peak. 0 for a curve that never falls, NaN without bars.

    >>> longest_drawdown_bars([110.0, 88.0, 100.0, 110.0, 105.0], 100.0)
    3.0
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    return float(curve_kernels.longest_drawdown(start, curve)[0]) if curve.size else math.nan
