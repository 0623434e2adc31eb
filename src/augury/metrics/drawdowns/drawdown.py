"""Drawdown at every bar."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import drawdown_series

__all__ = ["drawdown_curve"]


def drawdown_curve(equity: FloatVector, initial_cash: float) -> FloatVector:
    """Fall from the running peak at each bar's close, float64[n] <= 0: equity/peak - 1; the first peak is initial_cash.

    vectorbt's accessor of returns takes the first bar for the first peak and misses a loss on it.

    >>> drawdown_curve([90.0, 120.0, 108.0], 100.0).round(4).tolist()
    [-0.1, 0.0, -0.1]
    """
    curve = vector(equity, "equity")
    out = np.empty(curve.size)
    drawdown_series(positive(initial_cash, "initial_cash"), curve, out)
    return out
