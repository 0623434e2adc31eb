"""Longest losing streak."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.side_kernels import longest_run_without

__all__ = ["longest_losing_streak"]


def longest_losing_streak(pnl: FloatVector) -> float:
    """Greatest number of closed trades in a row that did not win, in order of closing.

    pnl float64[m]: net profit of each closed trade, after costs. A trade that comes out even goes on with the streak.
    NaN without trades.

    >>> longest_losing_streak([5.0, -2.0, -1.0, 3.0, -1.0])
    2.0
    """
    x = vector(pnl, "pnl")
    return float(longest_run_without(x)) if x.size else nan
