"""Average holding time."""

from __future__ import annotations

from augury.arrays import FloatVector, IntVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import lane_sum, ratio

__all__ = ["average_holding_bars"]


def average_holding_bars(holding_bars: FloatVector | IntVector) -> float:
    """Mean number of bars that a closed trade was held.

    holding_bars float64[m] or int64[m]: bars from the fill that opened each closed trade to the one that closed it.
    NaN without trades.

    >>> average_holding_bars([1, 4])
    2.5
    """
    held = vector(holding_bars, "holding_bars")
    return ratio(lane_sum(held), float(held.size))
