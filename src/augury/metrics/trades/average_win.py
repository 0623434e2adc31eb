"""Average win."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["average_win"]


def average_win(pnl: FloatVector) -> float:
    """Mean net profit of the trades that won, in money.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without a win.

    >>> average_win([5.0, -2.0, 0.0, 3.0])
    4.0
    """
    won, _, wins, _ = sided_sums(vector(pnl, "pnl"))
    return ratio(won, wins)
