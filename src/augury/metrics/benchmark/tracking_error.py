"""Tracking error."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.benchmark.paired import paired
from augury.metrics.returns.volatility import volatility

__all__ = ["tracking_error"]


def tracking_error(returns: FloatVector, benchmark: FloatVector, periods_per_year: float) -> float:
    """Volatility of the difference to the benchmark: std(x - b, ddof=1) * sqrt(A).

    returns and benchmark float64[n]: simple returns of the same bars. NaN under two bars; 0 for the benchmark itself.

    >>> round(tracking_error([0.02, 0.0], [0.01, 0.01], 252.0), 6)
    0.224499
    """
    x, b = paired(returns, benchmark)
    return volatility(x - b, periods_per_year)
