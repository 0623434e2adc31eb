"""Largest loss."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.checked import vector

__all__ = ["largest_loss"]


def largest_loss(pnl: FloatVector) -> float:
    """The least net profit of a closed trade, in money, below 0; NaN when no trade lost.

    pnl float64[m]: net profit of each closed trade, after costs.

    >>> largest_loss([5.0, -2.0, 3.0])
    -2.0
    """
    x = vector(pnl, "pnl")
    extreme = float(x.min(initial=0.0))
    return extreme if extreme != 0.0 else nan
