"""Active return."""

from __future__ import annotations

from math import exp, isfinite, nan

from augury.arrays import FloatVector
from augury.metrics.benchmark.paired import paired
from augury.metrics.checked import positive
from augury.metrics.headline_kernels import CAGR_BARS, annual_growth
from augury.metrics.side_kernels import captured_growth

__all__ = ["active_return"]


def active_return(
    returns: FloatVector, benchmark: FloatVector, periods_per_year: float, *, least_bars: int = CAGR_BARS
) -> float:
    """Compound annual growth less the benchmark's: CAGR(x) - CAGR(b), both by counted bars.

    returns and benchmark float64[n]: simple returns of the same bars. NaN under `least_bars` bars and when either loses
    everything.

    >>> round(active_return([0.0, 0.21], [0.0, 0.1], 2.0, least_bars=1), 6)
    0.11
    """
    x, b = paired(returns, benchmark)
    return active_growth(x, b, positive(periods_per_year, "periods_per_year"), least_bars)


def active_growth(x: FloatVector, b: FloatVector, annual: float, least_bars: int = CAGR_BARS) -> float:
    """The same of checked vectors."""
    own, other, count = captured_growth(x, b, 0.0)
    if x.size < max(least_bars, 1) or not (isfinite(own) and isfinite(other)):
        return nan
    return annual_growth(exp(own), count, annual) - annual_growth(exp(other), count, annual)
