"""The seven measures that a search ranks by, from one equity curve in one compiled call; sweeps call it too."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.metrics.curve_kernels import (
    lane_sum_squares_below,
    max_drawdown,
    mean_and_std,
    ratio,
    returns_of,
)
from augury.numerics.compile import kernel

__all__ = ["CAGR_BARS", "annual_growth", "downside_ratio", "headline", "reward_ratio"]

CAGR_BARS = 20  # fewer bars are not raised to the power of a year


@kernel("float64(float64, float64, float64)")
def annual_growth(growth: Any, bars: Any, periods_per_year: Any) -> float:
    """growth ** (periods_per_year / bars) - 1; NaN without growth above 0 or without bars."""
    if not (growth > 0.0 and bars > 0.0):
        return np.nan
    grown: float = growth ** (periods_per_year / bars)
    return grown - 1.0


@kernel("float64(float64, float64, float64)")
def reward_ratio(excess: Any, deviation: Any, periods_per_year: Any) -> float:
    """excess / deviation * sqrt(periods_per_year); NaN when the deviation is 0."""
    return ratio(excess, deviation) * sqrt(periods_per_year)


@kernel("float64(float64, float64[::1], float64, float64)")
def downside_ratio(mean: Any, returns: Any, mar: Any, periods_per_year: Any) -> float:
    """(mean - mar) / sqrt(mean of min(x - mar, 0)^2) * sqrt(periods_per_year); NaN if rounding alone lies below."""
    n = returns.size
    squares = lane_sum_squares_below(returns, mar)
    if not squares > n * 1e-30:
        return np.nan
    return reward_ratio(mean - mar, sqrt(squares / n), periods_per_year)


@kernel("void(float64, float64[::1], float64, float64[::1], float64[::1])")
def headline(initial: Any, equity: Any, periods_per_year: Any, scratch: Any, out: Any) -> None:
    """Seven measures into out[0:7]: total return, CAGR, volatility, Sharpe, Sortino, maximum drawdown, Calmar.

    `scratch` is float64[n] and receives the bar returns. The risk-free rate and the least acceptable return are 0.
    Undefined measures are NaN: CAGR and Calmar under 20 bars, ratios over 0, and every measure of the returns of a
    curve that fell to 0 or below (a return on nothing has no meaning); total return and drawdown remain.
    """
    n = equity.size
    out[:7] = np.nan
    if n == 0:
        return
    growth = equity[n - 1] / initial
    depth, _, _ = max_drawdown(initial, equity)
    out[0] = growth - 1.0
    out[5] = depth
    if depth <= -1.0:
        return
    returns_of(initial, equity, scratch)
    mean, deviation = mean_and_std(scratch)
    if n >= CAGR_BARS:
        out[1] = annual_growth(growth, n, periods_per_year)
    out[2] = deviation * sqrt(periods_per_year)
    out[3] = reward_ratio(mean, deviation, periods_per_year)
    out[4] = downside_ratio(mean, scratch, 0.0, periods_per_year)
    out[6] = ratio(out[1], -depth)
