"""Mean gross exposure."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import lane_sum

__all__ = ["mean_gross"]


def mean_gross(gross_exposure: FloatVector) -> float:
    """Mean gross exposure over all n bars, flat ones included: how much of the equity is at work.

    gross_exposure float64[n]: sum of |quantity * price| over equity at each bar's close, a fraction. NaN without bars.

    >>> mean_gross([0.0, 0.5, 1.0, 1.0])
    0.625
    """
    held = vector(gross_exposure, "gross_exposure")
    return lane_sum(held) / held.size if held.size else nan
