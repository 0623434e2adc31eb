"""Ulcer index."""

from __future__ import annotations

from math import nan, sqrt

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import lane_sum_squares
from augury.metrics.drawdowns.drawdown import drawdown_curve

__all__ = ["ulcer_index"]


def ulcer_index(equity: FloatVector, initial_cash: float) -> float:
    """Root mean square of the drawdown over all n bars, a fraction: depth and length together (Martin 1987).

    equity float64[n] at each bar's close. 0 for a curve that never falls, NaN without bars. quantstats divides by n -
    1.

    >>> round(ulcer_index([90.0, 120.0, 108.0, 120.0], 100.0), 6)
    0.070711
    """
    falls = drawdown_curve(equity, initial_cash)
    return sqrt(lane_sum_squares(falls) / falls.size) if falls.size else nan
