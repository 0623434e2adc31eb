"""Kurtosis."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.returns.shape import skewness_and_kurtosis

__all__ = ["kurtosis"]


def kurtosis(returns: FloatVector) -> float:
    """Population kurtosis of the bar returns, raw: m4 / m2^2, so a normal distribution has 3.

    returns float64[n]. NaN under two bars and when the returns do not vary. pandas, quantstats and scipy's default
    print the excess over 3 (the first two bias-corrected).

    >>> round(kurtosis([0.01, -0.01, 0.01, -0.01]), 6)
    1.0
    """
    return skewness_and_kurtosis(vector(returns, "returns"))[1]
