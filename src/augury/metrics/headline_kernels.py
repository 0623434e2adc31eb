"""The seven measures that a search ranks by, from one equity curve in one compiled call; sweeps call it too."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.metrics.curve_kernels import deviation_of, max_drawdown, ratio, returns_with_sum
from augury.metrics.lane_kernels import lane_sum_squares_below, squares_around_and_below
from augury.numerics.compile import kernel

__all__ = ["CAGR_BARS", "annual_growth", "downside_ratio", "headline", "reward_ratio", "shortfall_ratio"]

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


@kernel("float64(float64, float64, int64, float64)")
def shortfall_ratio(excess: Any, squares: Any, n: Any, periods_per_year: Any) -> float:
    """excess / sqrt(squares / n) * sqrt(periods_per_year), squares those of n shortfalls; NaN if rounding alone is."""
    if not squares > n * 1e-30:
        return np.nan
    return reward_ratio(excess, sqrt(squares / n), periods_per_year)


@kernel("float64(float64, float64[::1], float64, float64)")
def downside_ratio(mean: Any, returns: Any, mar: Any, periods_per_year: Any) -> float:
    """(mean - mar) / sqrt(mean of min(x - mar, 0)^2) * sqrt(periods_per_year); NaN if rounding alone lies below."""
    return shortfall_ratio(mean - mar, lane_sum_squares_below(returns, mar), returns.size, periods_per_year)


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
    mean = returns_with_sum(initial, equity, scratch) / n
    around, under = squares_around_and_below(scratch, mean, 0.0)
    deviation = deviation_of(around, mean, n)
    if n >= CAGR_BARS:
        out[1] = annual_growth(growth, n, periods_per_year)
    out[2] = deviation * sqrt(periods_per_year)
    out[3] = reward_ratio(mean, deviation, periods_per_year)
    out[4] = shortfall_ratio(mean, under, n, periods_per_year)
    out[6] = ratio(out[1], -depth)
