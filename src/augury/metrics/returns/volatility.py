"""Annual volatility."""

from __future__ import annotations

from math import sqrt

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import mean_and_std

__all__ = ["volatility"]


def volatility(returns: FloatVector, periods_per_year: float) -> float:
    """Standard deviation of the bar returns a year: std(x, ddof=1) * sqrt(A).

    returns float64[n]. NaN under two bars; 0 for returns that do not vary. Scaling by sqrt(A) takes the returns for
    uncorrelated; `sharpe_autocorrelated` shows what that assumption is worth.

    >>> round(volatility([0.01, -0.01], 252.0), 6)
    0.224499
    """
    return mean_and_std(vector(returns, "returns"))[1] * sqrt(positive(periods_per_year, "periods_per_year"))
