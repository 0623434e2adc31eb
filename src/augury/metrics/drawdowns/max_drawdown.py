"""Maximum drawdown."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics import curve_kernels
from augury.metrics.checked import positive, vector

__all__ = ["max_drawdown"]


def max_drawdown(equity: FloatVector, initial_cash: float) -> float:
    """Deepest fall from a running peak, as a fraction <= 0: min of equity/peak - 1, initial_cash being the first peak.

    equity float64[n] at each bar's close. 0 for a curve that never falls, NaN without bars; -1 or below when the
    account is lost. Falls inside a bar are not seen.

    >>> round(max_drawdown([110.0, 88.0, 120.0], 100.0), 6)
    -0.2
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    return float(curve_kernels.max_drawdown(start, curve)[0]) if curve.size else math.nan
