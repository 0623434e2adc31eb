"""Skewness."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.returns.shape import skewness_and_kurtosis

__all__ = ["skewness"]


def skewness(returns: FloatVector) -> float:
    """Population skewness of the bar returns: m3 / m2^1.5 with central moments over n.

    returns float64[n]. NaN under two bars and when the returns do not vary. pandas and quantstats print the
    bias-corrected G1 instead, larger by sqrt(n (n-1)) / (n-2).

    >>> round(skewness([0.0, 0.0, 0.0, 0.04]), 6)
    1.154701
    """
    return skewness_and_kurtosis(vector(returns, "returns"))[0]
