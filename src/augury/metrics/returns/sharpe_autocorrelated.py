"""Sharpe ratio scaled to a year for autocorrelated returns."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.checked import positive, vector
from augury.metrics.curve_kernels import deviation_of, lane_sum, lane_sum_centred_squares, lane_sum_products
from augury.metrics.returns.quantile import MANY_BARS
from augury.metrics.returns.sharpe import sharpe

__all__ = ["autocorrelations", "correlations_around", "sharpe_autocorrelated"]


def autocorrelations(returns: FloatVector, lags: int) -> list[float]:
    """Autocorrelations of float64[n] at lags 1 to `lags`: centred, divided by the sum over all n. NaN without spread.

    >>> [round(value, 3) for value in autocorrelations([1.0, -1.0, 1.0, -1.0], 2)]
    [-0.75, 0.5]
    """
    x = vector(returns, "returns")
    if x.size == 0:
        return [math.nan] * lags
    mean = lane_sum(x) / x.size
    return correlations_around(x, mean, lane_sum_centred_squares(x, mean), lags)


def correlations_around(x: FloatVector, mean: float, squares: float, lags: int) -> list[float]:
    """`autocorrelations` of checked float64[n] whose mean and sum of squares around it are known."""
    if not deviation_of(squares, mean, x.size) > 0.0:
        return [math.nan] * lags
    if x.size >= MANY_BARS:
        from augury.metrics.lag_kernel import lagged_products  # compiled code that short curves do not need

        products = np.empty(lags)
        lagged_products(x, mean, products)
        return [value / squares if lag < x.size else math.nan for lag, value in enumerate(products.tolist(), start=1)]
    centred = x - mean
    return [
        lane_sum_products(centred[lag:], centred[:-lag]) / squares if lag < x.size else math.nan
        for lag in range(1, lags + 1)
    ]


def sharpe_autocorrelated(
    returns: FloatVector, periods_per_year: float, *, risk_free: float = 0.0, lags: int | None = None
) -> float:
    """Sharpe ratio per bar times Lo's eta(q), q = bars a year: q / sqrt(q + 2 sum (q - k) rho_k) in place of sqrt(q).

    Positive autocorrelation makes sqrt(q) flatter a strategy: smoothed or stale prices do so (Lo 2002, equation 20).
    Autocorrelations are estimated for lags 1 to `lags`, by default min(q - 1, 4 (n/100)^(2/9)), the bandwidth of Newey
    and West (1994); further ones are taken as 0, since a year of noisy estimates would swamp the sum. NaN where
    `sharpe` is, and when the estimated variance of a year's return is not positive.

    >>> round(sharpe_autocorrelated([0.02, 0.01, -0.01, 0.0] * 30, 252.0, lags=1), 4)
    7.0347
    """
    x, annual = vector(returns, "returns"), positive(periods_per_year, "periods_per_year")
    per_bar = sharpe(x, 1.0, risk_free=risk_free)
    used = bandwidth(x.size) if lags is None else lags
    return scaled_to_year(per_bar, annual, autocorrelations(x, max(min(used, x.size - 1), 0)))


def bandwidth(bars: int) -> int:
    """Lags that n bars support, by the rule of Newey and West."""
    return min(int(4.0 * (bars / 100.0) ** (2.0 / 9.0)), max(bars - 1, 0))


def scaled_to_year(per_bar: float, annual: float, correlations: list[float]) -> float:
    """A ratio per bar times eta(annual); correlations from lag 1 on, those of lags beyond a year left out."""
    if not math.isfinite(per_bar):
        return math.nan
    used = correlations[: math.ceil(annual) - 1]
    weighted = math.fsum((annual - lag) * rho for lag, rho in enumerate(used, start=1))
    variance = annual + 2.0 * weighted
    return per_bar * annual / math.sqrt(variance) if variance > 0.0 else math.nan
