"""Information ratio."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.benchmark.paired import paired
from augury.metrics.returns.sharpe import sharpe

__all__ = ["information_ratio"]


def information_ratio(returns: FloatVector, benchmark: FloatVector, periods_per_year: float) -> float:
    """Sharpe ratio of the difference to the benchmark: mean(x - b) / std(x - b, ddof=1) * sqrt(A).

    returns and benchmark float64[n]: simple returns of the same bars. NaN under two bars and when the difference does
    not vary. empyrical, quantstats and vectorbt leave
    out sqrt(A). Its standard error is that of `sharpe`, of the differences.

    >>> round(information_ratio([0.02, 0.01, 0.0], [0.01, 0.01, 0.005], 252.0), 6)
    3.464102
    """
    x, b = paired(returns, benchmark)
    return sharpe(x - b, periods_per_year)
