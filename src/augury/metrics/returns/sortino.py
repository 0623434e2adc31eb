"""Sortino ratio."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import lane_sum
from augury.metrics.headline_kernels import downside_ratio

__all__ = ["sortino"]


def sortino(returns: FloatVector, periods_per_year: float, *, mar: float = 0.0) -> float:
    """Sortino ratio a year: (mean(x) - mar) / sqrt(mean(min(x - mar, 0)^2)) * sqrt(A); all n bars in both means.

    returns float64[n]; `mar` is the least acceptable return per bar. NaN without bars and when no return is below
    `mar`. Sortino and van der Meer (1991). The standard deviation of the negative returns alone, often taken instead,
    is another and larger number: 1.060660 against 0.670820 on the example.

    >>> round(sortino([0.1, -0.05, 0.2, -0.1], 1.0), 6)
    0.67082
    """
    x, annual = vector(returns, "returns"), positive(periods_per_year, "periods_per_year")
    return downside_ratio(lane_sum(x) / x.size, x, mar, annual) if x.size else math.nan
