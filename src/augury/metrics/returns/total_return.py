"""Total return."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector

__all__ = ["total_return"]


def total_return(equity: FloatVector, initial_cash: float) -> float:
    """What the account gained over the whole sample, as a fraction: equity[n-1]/initial_cash - 1.

    equity float64[n] at each bar's close; `initial_cash` before bar 0. NaN without bars.

    >>> round(total_return([101.0, 110.0], 100.0), 6)
    0.1
    """
    curve, start = vector(equity, "equity"), positive(initial_cash, "initial_cash")
    return float(curve[-1]) / start - 1.0 if curve.size else math.nan
