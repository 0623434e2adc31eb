"""Average trade return."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import mean_and_std

__all__ = ["average_trade_return"]


def average_trade_return(returns: FloatVector) -> float:
    """Mean net return of a closed trade on the notional it was entered with, a fraction.

    returns float64[m] of closed trades: net profit / |entry quantity * entry price|. NaN without trades.

    >>> average_trade_return([0.25, -0.125])
    0.0625
    """
    return mean_and_std(vector(returns, "returns"))[0]
