"""Win rate."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["win_rate"]


def win_rate(pnl: FloatVector) -> float:
    """Share of closed trades with a net profit above 0; a trade that comes out even is no win.

    pnl float64[m]: net profit of each closed trade, after costs. NaN without trades. Its standard error is sqrt(p (1 -
    p) / m). Counted by trade, as in backtesting.py and vectorbt; quantstats counts bars under this name.

    >>> win_rate([5.0, -2.0, 0.0, 3.0])
    0.5
    """
    x = vector(pnl, "pnl")
    return ratio(sided_sums(x)[2], float(x.size))
