"""Profit factor."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["profit_factor"]


def profit_factor(pnl: FloatVector) -> float:
    """Sum of winning trades over the size of the sum of losing ones.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without a loss: many winners and no loser is a
    short sample, not an infinite edge.

    >>> profit_factor([5.0, -2.0, 3.0])
    4.0
    """
    won, lost, _, _ = sided_sums(vector(pnl, "pnl"))
    return ratio(won, lost)
