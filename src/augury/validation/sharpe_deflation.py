"""The Sharpe ratio as an estimate: how sure it is above zero, given its length, its tails and how many were tried.

Bailey and Lopez de Prado (2012, 2014); Bailey, Borwein, Lopez de Prado and Zhu (2014). Sharpe ratios here are per bar
(not annualised) unless a name says otherwise; kurtosis is raw (3 for a normal distribution).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.validation.outcome import Outcome
from augury.validation.series import finite_vector

__all__ = [
    "SharpeMoments",
    "autocorrelation_factor",
    "deflated_sharpe",
    "expected_max_sharpe",
    "min_backtest_years",
    "min_track_record",
    "probabilistic_sharpe",
    "sharpe_moments",
]

_EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpeMoments(Outcome):
    """Per-bar Sharpe ratio of a series with what its uncertainty depends on; NaN with a reason when undefined."""

    sharpe: float
    bars: int
    skewness: float
    kurtosis: float

    @property
    def standard_error(self) -> float:
        """sqrt((1 - g3 S + (g4 - 1)/4 S^2) / (n - 1)), per bar; NaN where the moments contradict each other."""
        return _spread(self) / math.sqrt(self.bars - 1) if self.bars > 1 else math.nan


def sharpe_moments(returns: FloatVector, risk_free: float = 0.0) -> SharpeMoments:
    """Sharpe ratio (ddof 1), skewness and raw kurtosis (population) of simple bar returns less `risk_free` per bar.

    >>> import numpy as np
    >>> round(sharpe_moments(np.array([0.01, -0.02, 0.03, -0.01, 0.0, 0.015])).sharpe, 6)
    0.231422
    """
    values = finite_vector(returns, "returns") - risk_free
    centred = values - values.mean() if values.size else values
    spread = float(np.sqrt((centred**2).mean())) if values.size else 0.0
    reason = None
    if values.size < 3:
        reason = f"{values.size} returns; at least 3 are needed"
    elif spread <= 1e-14 * max(1.0, float(np.abs(values).max())):
        reason = "the returns do not vary, so their Sharpe ratio is undefined"
    if reason is not None:
        return SharpeMoments(
            method="moments", reason=reason, sharpe=math.nan, bars=values.size, skewness=math.nan, kurtosis=math.nan
        )
    scaled = centred / spread
    return SharpeMoments(
        method="moments",
        sharpe=float(values.mean() / values.std(ddof=1)),
        bars=values.size,
        skewness=float((scaled**3).mean()),
        kurtosis=float((scaled**4).mean()),
    )


def probabilistic_sharpe(moments: SharpeMoments, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio exceeds `benchmark` (per bar): equation 11 of the 2012 paper.

    NaN when the moments are undefined or contradict each other.

    >>> monthly = SharpeMoments(method="published", sharpe=0.458, bars=24, skewness=-2.448, kurtosis=10.164)
    >>> round(probabilistic_sharpe(monthly), 3)
    0.913
    """
    spread = _spread(moments)
    if math.isnan(spread) or moments.bars < 2 or math.isnan(benchmark):
        return math.nan
    return float(ndtr((moments.sharpe - benchmark) * math.sqrt(moments.bars - 1) / spread))


def expected_max_sharpe(variance: float, trials: float) -> float:
    """Expected largest Sharpe ratio among `trials` independent ones with true value zero (2014, equation 1).

    `variance` is that of the trials' Sharpe ratios, in the same unit as the result (squared). One trial expects 0; a
    count below 1 raises InvalidInput. NaN when the variance is NaN or negative.

    >>> round(expected_max_sharpe(0.5 / 250, 100), 4)
    0.1132
    """
    if not trials >= 1.0:
        raise InvalidInput(f"trials should be at least 1, got {trials}; count every variant that was evaluated")
    if math.isnan(variance) or variance < 0.0:
        return math.nan
    if trials == 1.0:
        return 0.0
    largest = (1.0 - _EULER) * ndtri(1.0 - 1.0 / trials) + _EULER * ndtri(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * max(float(largest), 0.0)


def deflated_sharpe(moments: SharpeMoments, *, variance: float, trials: float) -> float:
    """Probability that the true Sharpe ratio is above zero, given that it is the best of `trials` independent ones.

    PSR against `expected_max_sharpe(variance, trials)`; `variance` of the trials' per-bar Sharpe ratios.

    >>> tried = SharpeMoments(method="published", sharpe=2.5 / 250**0.5, bars=1250, skewness=-3.0, kurtosis=10.0)
    >>> round(deflated_sharpe(tried, variance=0.5 / 250, trials=100), 4)
    0.9004
    """
    return probabilistic_sharpe(moments, expected_max_sharpe(variance, trials))


def min_track_record(moments: SharpeMoments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Bars needed before this Sharpe ratio exceeds `benchmark` (per bar) with `confidence` (2012, equation 13).

    Infinite when the estimate is not above the benchmark: no length would do. NaN when undefined.
    """
    spread = _spread(moments)
    if math.isnan(spread) or math.isnan(benchmark):
        return math.nan
    excess = moments.sharpe - benchmark
    if excess <= 0.0:
        return math.inf
    return 1.0 + (spread * float(ndtri(confidence)) / excess) ** 2


def min_backtest_years(trials: float, annual_sharpe: float = 1.0) -> float:
    """Years below which the best of so many worthless trials is expected to show `annual_sharpe` (2014, theorem 1).

    >>> round(min_backtest_years(45), 1)
    5.0
    """
    if not annual_sharpe > 0.0:
        raise InvalidInput(f"annual_sharpe should be above 0, got {annual_sharpe}")
    return (expected_max_sharpe(1.0, trials) / annual_sharpe) ** 2


def autocorrelation_factor(returns: FloatVector, lags: int) -> float:
    """What to multiply an annualised Sharpe ratio by because returns are autocorrelated (Lo 2002, equation 20).

    sqrt(q / (q + 2 sum_{k<q} (q - k) rho_k)) with q = `lags` bars of aggregation; below 1 where gains follow gains.
    Autocorrelations inside +-2/sqrt(n) are taken as zero, or noise would dominate. NaN when undefined.
    """
    values = finite_vector(returns, "returns")
    centred = values - values.mean() if values.size else values
    scale = float(centred @ centred)
    if values.size <= 3 * lags or lags < 1 or scale == 0.0:
        return math.nan
    bound = 2.0 / math.sqrt(values.size)
    total = float(lags)
    for lag in range(1, lags):
        correlation = float(centred[lag:] @ centred[:-lag]) / scale
        if abs(correlation) > bound:
            total += 2.0 * (lags - lag) * correlation
    return math.sqrt(lags / total) if total > 0.0 else math.nan


def _spread(moments: SharpeMoments) -> float:
    """sqrt(1 - g3 S + (g4 - 1)/4 S^2), the standard deviation of sqrt(n) times the estimate."""
    inside = 1.0 - moments.skewness * moments.sharpe + (moments.kurtosis - 1.0) / 4.0 * moments.sharpe**2
    return math.sqrt(inside) if inside > 0.0 else math.nan
