"""Recovery factor."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import ratio
from augury.metrics.drawdowns.max_drawdown import max_drawdown
from augury.metrics.returns.total_return import total_return

__all__ = ["recovery_factor"]


def recovery_factor(equity: FloatVector, initial_cash: float) -> float:
    """How often the gain covers the worst fall: `total_return` / |`max_drawdown`|.

    equity float64[n] at each bar's close. NaN without bars and for a curve that never falls. Both are fractions, as in
    quantstats (which adds up the returns instead of compounding them).

    >>> round(recovery_factor([110.0, 88.0, 120.0], 100.0), 6)
    1.0
    """
    return ratio(total_return(equity, initial_cash), -max_drawdown(equity, initial_cash))
