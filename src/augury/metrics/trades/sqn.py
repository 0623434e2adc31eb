"""System quality number."""

from __future__ import annotations

from math import sqrt

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import mean_and_std, ratio

__all__ = ["sqn"]


def sqn(pnl: FloatVector) -> float:
    """System quality number: sqrt(m) * mean(pnl) / std(pnl, ddof=1) (Tharp 2008).

    pnl float64[m]: net profit of each closed trade, after costs. It is the t statistic of the mean trade. NaN under two
    trades and when the profits do not vary; under 30 trades `measure` flags it. Tharp caps m at 100; this does not.

    >>> round(sqn([5.0, -2.0, 0.0, 3.0]), 6)
    0.964901
    """
    x = vector(pnl, "pnl")
    mean, deviation = mean_and_std(x)
    return ratio(mean, deviation) * sqrt(x.size)
