"""Beta."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.benchmark.least_squares import line_through
from augury.metrics.benchmark.paired import paired

__all__ = ["beta"]


def beta(returns: FloatVector, benchmark: FloatVector) -> float:
    """Slope of the least-squares line of returns on benchmark returns: cov(x, b) / var(b).

    returns and benchmark float64[n]: simple returns of the same bars. NaN under two bars and when the benchmark does
    not vary.

    >>> round(beta([0.02, -0.01, 0.03], [0.01, -0.005, 0.015]), 6)
    2.0
    """
    x, b = paired(returns, benchmark)
    return line_through(x, b).slope
