"""Calmar ratio."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import ratio
from augury.metrics.drawdowns.max_drawdown import max_drawdown
from augury.metrics.headline_kernels import CAGR_BARS
from augury.metrics.returns.cagr import cagr

__all__ = ["calmar"]


def calmar(equity: FloatVector, initial_cash: float, periods_per_year: float, *, least_bars: int = CAGR_BARS) -> float:
    """Calmar ratio over the full sample: `cagr` / |`max_drawdown`| (Young 1991, who used the last 36 months).

    equity float64[n] at each bar's close. NaN where `cagr` is, and for a curve that never falls. backtesting.py uses
    its own annual return, ffn the calendar one.

    >>> import numpy as np
    >>> round(calmar(np.r_[np.full(200, 90.0), np.full(52, 120.0)], 100.0, 252.0), 6)
    2.0
    """
    growth = cagr(equity, initial_cash, periods_per_year, least_bars=least_bars)
    return ratio(growth, -max_drawdown(equity, initial_cash))
