"""Time under water."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import ratio
from augury.metrics.drawdowns.drawdown import drawdown_curve

__all__ = ["time_under_water"]


def time_under_water(equity: FloatVector, initial_cash: float) -> float:
    """Share of bars that close below an earlier peak; the first peak is initial_cash. NaN without bars.

    >>> time_under_water([90.0, 120.0, 108.0, 120.0], 100.0)
    0.5
    """
    falls = drawdown_curve(equity, initial_cash)
    return ratio(float(np.count_nonzero(falls < 0.0)), float(falls.size))
