"""Longest holding time."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector, IntVector
from augury.metrics.checked import vector

__all__ = ["longest_holding_bars"]


def longest_holding_bars(holding_bars: FloatVector | IntVector) -> float:
    """Greatest number of bars that a closed trade was held.

    holding_bars float64[m] or int64[m]: bars from the fill that opened each closed trade to the one that closed it.
    NaN without trades.

    >>> longest_holding_bars([1, 4])
    4.0
    """
    held = vector(holding_bars, "holding_bars")
    return float(held.max()) if held.size else nan
