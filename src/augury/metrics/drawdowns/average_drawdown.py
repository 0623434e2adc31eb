"""Average drawdown."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import lane_sum
from augury.metrics.drawdowns.drawdown import drawdown_curve

__all__ = ["average_drawdown"]


def average_drawdown(equity: FloatVector, initial_cash: float) -> float:
    """Mean of the drawdown over all n bars, <= 0 (its size is the pain index): how far below the peak one usually is.

    equity float64[n] at each bar's close. 0 for a curve that never falls, NaN without bars.

    >>> round(average_drawdown([90.0, 120.0, 108.0, 120.0], 100.0), 6)
    -0.05
    """
    falls = drawdown_curve(equity, initial_cash)
    return lane_sum(falls) / falls.size if falls.size else nan
