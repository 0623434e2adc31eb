"""Alpha."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.benchmark.least_squares import line_through
from augury.metrics.benchmark.paired import paired
from augury.metrics.checked import positive

__all__ = ["alpha"]


def alpha(returns: FloatVector, benchmark: FloatVector, periods_per_year: float, *, risk_free: float = 0.0) -> float:
    """Jensen's (1968) alpha a year: intercept of the least-squares line of x - rf on b - rf, times A.

    returns and benchmark float64[n]: simple returns of the same bars. `risk_free` is a rate per bar. Arithmetic, so
    that it adds up with beta times the benchmark's mean; empyrical and vectorbt compound it to (1 + intercept)^A - 1.
    NaN where `beta` is.

    >>> round(alpha([0.021, -0.009, 0.031], [0.01, -0.005, 0.015], 252.0), 6)
    0.252
    """
    x, b = paired(returns, benchmark)
    return line_through(x - risk_free, b - risk_free).intercept * positive(periods_per_year, "periods_per_year")
