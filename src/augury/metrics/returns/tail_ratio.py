"""Tail ratio."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.returns.quantile import ordered_around, quantile_of_sorted

__all__ = ["tail_ratio", "tail_ratio_of_sorted"]


def tail_ratio_of_sorted(ordered: FloatVector) -> float:
    """Tail ratio of float64[n] that is sorted, or `ordered_around` both quantiles."""
    return ratio(abs(quantile_of_sorted(ordered, 0.95)), abs(quantile_of_sorted(ordered, 0.05)))


def tail_ratio(returns: FloatVector) -> float:
    """Size of the good tail over the bad one: |95 % quantile| / |5 % quantile| of the bar returns.

    returns float64[n]; quantiles linear. NaN without bars and when the 5 % quantile is 0. As in empyrical.

    >>> round(tail_ratio([-0.02, -0.01, 0.0, 0.01, 0.04]), 6)
    1.888889
    """
    return tail_ratio_of_sorted(ordered_around(vector(returns, "returns"), 0.05, 0.95))
