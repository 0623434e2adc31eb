"""Sharpe ratio and its standard error."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import mean_and_std
from augury.metrics.headline_kernels import reward_ratio
from augury.metrics.returns.shape import skewness_and_kurtosis

__all__ = ["sharpe", "sharpe_standard_error"]


def sharpe(returns: FloatVector, periods_per_year: float, *, risk_free: float = 0.0) -> float:
    """Sharpe ratio a year: (mean(x) - risk_free) / std(x, ddof=1) * sqrt(A), arithmetic means (Sharpe 1994).

    returns float64[n]; `risk_free` is a rate per bar. NaN under two bars and when the returns do not vary: without
    risk there is no reward for it (vectorbt gives infinity there). backtesting.py divides the geometric annual return
    by a geometric volatility and differs on purpose.

    >>> round(sharpe([0.01, 0.02, 0.03, -0.01, 0.0, 0.015], 252.0), 6)
    12.035661
    """
    mean, deviation = mean_and_std(vector(returns, "returns"))
    return reward_ratio(mean - risk_free, deviation, positive(periods_per_year, "periods_per_year"))


def sharpe_standard_error(returns: FloatVector, periods_per_year: float, *, risk_free: float = 0.0) -> float:
    """Standard error of `sharpe` under skewed, fat-tailed, independent returns.

    sqrt((1 - skew S + (kurtosis - 1)/4 S^2) / (n - 1)) * sqrt(A) with S the ratio per bar (Mertens 2002; Bailey and
    Lopez de Prado 2012). With normal returns this is Lo's (2002) sqrt((1 + S^2/2) / (n - 1)). NaN where `sharpe` is.

    >>> round(sharpe_standard_error([0.01, -0.01, 0.02, -0.015, 0.005] * 50, 252.0), 4)
    1.0096
    """
    x, annual = vector(returns, "returns"), positive(periods_per_year, "periods_per_year")
    per_bar = sharpe(x, 1.0, risk_free=risk_free)
    if not math.isfinite(per_bar):
        return math.nan
    return standard_error_of(per_bar, *skewness_and_kurtosis(x), x.size) * math.sqrt(annual)


def standard_error_of(per_bar: float, skew: float, kurt: float, bars: int) -> float:
    """Standard error of a Sharpe ratio per bar from its moments; kurtosis raw (normal 3)."""
    variance = 1.0 - skew * per_bar + (kurt - 1.0) / 4.0 * per_bar * per_bar
    return math.sqrt(variance / (bars - 1)) if variance > 0.0 else math.nan
