"""Largest win."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.checked import vector

__all__ = ["largest_win"]


def largest_win(pnl: FloatVector) -> float:
    """The greatest net profit of a closed trade, in money; NaN when no trade won.

    pnl float64[m]: net profit of each closed trade, after costs.

    >>> largest_win([5.0, -2.0, 3.0])
    5.0
    """
    x = vector(pnl, "pnl")
    extreme = float(x.max(initial=0.0))
    return extreme if extreme != 0.0 else nan
