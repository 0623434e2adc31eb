"""Expectancy."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import mean_and_std

__all__ = ["expectancy"]


def expectancy(pnl: FloatVector) -> float:
    """Mean net profit of a closed trade, in money.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without trades. Its standard error is std(pnl) /
    sqrt(m).

    >>> expectancy([5.0, -2.0, 0.0, 3.0])
    1.5
    """
    return mean_and_std(vector(pnl, "pnl"))[0]
