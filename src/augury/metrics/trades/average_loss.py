"""Average loss."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["average_loss"]


def average_loss(pnl: FloatVector) -> float:
    """Mean net profit of the trades that lost, in money, below 0.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without a loss.

    >>> average_loss([5.0, -2.0, 0.0, -4.0])
    -3.0
    """
    _, lost, _, losses = sided_sums(vector(pnl, "pnl"))
    return ratio(-lost, losses)
