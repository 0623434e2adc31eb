"""Greatest gross exposure."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.checked import vector

__all__ = ["max_gross"]


def max_gross(gross_exposure: FloatVector) -> float:
    """Greatest gross exposure of any bar: above 1 the account was leveraged.

    gross_exposure float64[n]: sum of |quantity * price| over equity at each bar's close, a fraction. NaN without bars.

    >>> max_gross([0.0, 0.5, 1.0])
    1.0
    """
    held = vector(gross_exposure, "gross_exposure")
    return float(held.max()) if held.size else nan
