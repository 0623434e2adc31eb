"""How long the blocks of a bootstrap should be, from the data's own autocorrelation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector
from augury.validation.outcome import Outcome
from augury.validation.series import finite_vector

__all__ = ["BlockLength", "optimal_block_length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLength(Outcome):
    """Mean block length in bars for the stationary bootstrap, block length for the circular (and moving) one."""

    stationary: float
    circular: float
    observations: int


def optimal_block_length(returns: FloatVector) -> BlockLength:
    """Automatic block length of Politis and White (2004) with the correction of Patton, Politis and White (2009).

    b = (2 g^2 n / d)^(1/3), where g = sum |k| w(k) gamma(k) and d = 2 s^2 (stationary) or 4/3 s^2 (circular), s the
    long-run variance, w the flat-top window to twice the first lag that starts max(5, log10 n) negligible ones. At
    least 1, at most 3 sqrt(n) and n/3. Refused (NaN with a reason) below 20 values and for constant series.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> optimal_block_length(noise).stationary < 5
    True
    """
    values = finite_vector(returns, "returns")
    method = "Politis-White automatic block length"
    reason = None
    if values.size < 20:
        reason = f"{values.size} values; at least 20 are needed"
    elif np.ptp(values) == 0.0:
        reason = "the series is constant"
    if reason is not None:
        return BlockLength(
            method=method, reason=reason, stationary=math.nan, circular=math.nan, observations=values.size
        )
    stationary, circular = _lengths(values)
    return BlockLength(method=method, stationary=stationary, circular=circular, observations=values.size)


def _lengths(values: FloatVector) -> tuple[float, float]:
    n = values.size
    centred = values - values.mean()
    run = max(5, int(math.log10(n)))  # so many negligible autocorrelations in a row end the memory
    last = min(math.ceil(math.sqrt(n)) + run, n - 2)
    bound = 2.0 * math.sqrt(math.log10(n) / n)
    covariances = np.array([centred[lag:] @ centred[: n - lag] for lag in range(last + 1)]) / n
    window = min(2 * max(_memory(centred, covariances, run, bound), 1), last)
    lags = np.arange(1, window + 1)
    weights = np.minimum(1.0, 2.0 * (1.0 - lags / window))
    weighted = 2.0 * weights * covariances[1 : window + 1]
    slope = float((lags * weighted).sum())
    long_run = float(covariances[0] + weighted.sum())
    if long_run == 0.0:
        return 1.0, 1.0
    largest = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    both = [(2.0 * slope**2 / (scale * long_run**2) * n) ** (1.0 / 3.0) for scale in (2.0, 4.0 / 3.0)]
    return min(max(both[0], 1.0), largest), min(max(both[1], 1.0), largest)


def _memory(centred: FloatVector, covariances: FloatVector, run: int, bound: float) -> int:
    """The first lag that starts `run` negligible autocorrelations; the largest lag when none does."""
    n = centred.size
    squares = np.cumsum(centred**2)
    for lag in range(1, covariances.size - run + 1):
        ends = range(lag, lag + run)
        if all(_correlation(covariances[k] * n, squares, k) < bound for k in ends):
            return lag
    return covariances.size - 1


def _correlation(product: float, squares: FloatVector, lag: int) -> float:
    """|autocorrelation| with the two overlapping stretches' own scales, as the published programs compute it."""
    late = squares[-1] - squares[lag]
    early = squares[-lag - 2]
    return float(abs(product) / math.sqrt(late * early)) if late * early > 0.0 else 0.0
