"""Payoff ratio."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["payoff"]


def payoff(pnl: FloatVector) -> float:
    """Average win over the size of the average loss.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without a win or without a loss.

    >>> payoff([5.0, -2.0, 3.0])
    2.0
    """
    won, lost, wins, losses = sided_sums(vector(pnl, "pnl"))
    return ratio(ratio(won, wins), ratio(lost, losses))
