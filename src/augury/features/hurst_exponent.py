"""Hurst exponents of a whole series: rescaled range, detrended fluctuation and the generalised exponent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.numerics.hurst_block_kernels import fluctuation_curve, rescaled_range_curve, scaling_slope

__all__ = ["RescaledRangeCorrection", "block_sizes", "expected_rescaled_range", "hurst_dfa", "hurst_ghe", "hurst_rs"]

RescaledRangeCorrection: TypeAlias = Literal["peters", "anis_lloyd", "none"]

_FEWEST_VALUES = 50  # below it the eight default sizes collapse


def block_sizes(window: int) -> IntVector:
    """The default block sizes for `window` values: up to eight, geometric from 10 to half the window.

    >>> block_sizes(250).tolist()
    [10, 14, 21, 30, 42, 61, 87, 125]
    """
    return np.unique(np.round(np.geomspace(10, window / 2, 8)).astype(np.int64))


def expected_rescaled_range(size: int, correction: RescaledRangeCorrection = "peters") -> float:
    """Expected R/S of `size` independent Gaussian values; 1 for the correction "none".

    "anis_lloyd" is the exact expectation, Anis and Lloyd (1976); "peters" multiplies it by (size - 1/2) / size,
    Peters (1994), Weron (2002).

    >>> round(expected_rescaled_range(10, "anis_lloyd"), 4), round(expected_rescaled_range(50), 4)
    (3.0233, 7.7352)
    """
    if correction == "none":
        return 1.0
    i = np.arange(1, size)
    ratio = math.exp(math.lgamma(0.5 * (size - 1)) - math.lgamma(0.5 * size)) / math.sqrt(math.pi)
    factor = (size - 0.5) / size if correction == "peters" else 1.0
    return float(factor * ratio * np.sum(np.sqrt((size - i) / i)))


def hurst_rs(
    returns: ArrayLike, *, sizes: Sequence[int] | None = None, correction: RescaledRangeCorrection = "peters"
) -> float:
    """Hurst exponent of log returns float64[n] by rescaled range; independent returns give about 0.5.

    Regresses the logarithm of mean R/S over right-aligned blocks on the logarithm of their size, less the logarithm of
    its expectation for independent values (without `correction` short series look persistent). Give it returns: on
    price levels any estimate is near 1. NaN when fewer than four sizes have a block that is not constant. Raises
    InvalidInput for values that are not finite and NotEnoughData below 50 values. Mandelbrot and Wallis (1969), Anis
    and Lloyd (1976), Peters (1994).

    >>> 0.4 < hurst_rs(np.random.default_rng(1).standard_normal(1000)) < 0.6
    True
    """
    x = _finite_series(returns, "returns", _FEWEST_VALUES)
    scales = _checked_sizes(sizes, len(x))
    curve = np.empty(len(scales))
    rescaled_range_curve(x, scales, curve)
    expected = np.array([expected_rescaled_range(int(size), correction) for size in scales])
    slope = float(scaling_slope(curve, np.log(scales), np.log(expected)))
    return slope if correction == "none" else 0.5 + slope


def hurst_dfa(returns: ArrayLike, *, sizes: Sequence[int] | None = None) -> float:
    """Hurst exponent of log returns float64[n] by detrended fluctuation analysis of order 1.

    Sums the returns less their mean, removes a line from every right-aligned block and regresses the logarithm of the
    root mean square residual on the logarithm of the block size. NaN when fewer than four sizes have movement. Raises
    InvalidInput for values that are not finite and NotEnoughData below 50 values. Peng et al. (1994).

    >>> 0.4 < hurst_dfa(np.random.default_rng(1).standard_normal(1000)) < 0.6
    True
    """
    x = _finite_series(returns, "returns", _FEWEST_VALUES)
    scales = _checked_sizes(sizes, len(x))
    curve = np.empty(len(scales))
    fluctuation_curve(x, scales, curve)
    return float(scaling_slope(curve, np.log(scales), np.zeros(len(scales))))


def hurst_ghe(log_prices: ArrayLike, *, q: float = 1.0, max_lag: int = 19) -> float:
    """Generalised Hurst exponent of log prices float64[n] (levels, not returns).

    The slope of ln K_q on ln lag over lags 1..max_lag, divided by q; K_q is the mean of |p[t + lag] - p[t]|^q. NaN
    when the price does not move at some lag. Raises InvalidInput for values that are not finite, q <= 0 or fewer than
    four lags, NotEnoughData below two values beyond the largest lag. Di Matteo, Aste and Dacorogna (2003).

    >>> walk = np.cumsum(np.random.default_rng(1).standard_normal(1000))
    >>> 0.4 < hurst_ghe(walk) < 0.6
    True
    """
    if not (math.isfinite(q) and q > 0.0):
        raise InvalidInput(f"expected q > 0 (the moment of the changes), got {q}")
    if max_lag < 4:
        raise InvalidInput(f"expected at least four lags to fit a line, got max_lag = {max_lag}")
    p = _finite_series(log_prices, "log_prices", max_lag + 2)
    lags = np.arange(1, max_lag + 1)
    moments = np.array([np.mean(np.abs(p[lag:] - p[:-lag]) ** q) for lag in lags])
    if not np.all(moments > 0.0):
        return math.nan
    x = np.log(lags) - np.mean(np.log(lags))
    return float(np.sum(x * np.log(moments)) / np.sum(x * x) / q)


def _finite_series(values: ArrayLike, name: str, fewest: int) -> FloatVector:
    """The values as contiguous float64[n], checked."""
    x = np.ascontiguousarray(values, dtype=np.float64)
    if x.ndim != 1:
        raise InvalidInput(f"expected {name} with one dimension, got shape {x.shape}")
    bad = np.flatnonzero(~np.isfinite(x))
    if bad.size:
        raise InvalidInput(
            f"expected finite {name}, got {x[bad[0]]} at position {bad[0]} ({bad.size} in all); drop or repair them"
        )
    if x.size < fewest:
        raise NotEnoughData(f"expected at least {fewest} {name}, got {x.size}; pass a longer history")
    return x


def _checked_sizes(sizes: Sequence[int] | None, values: int) -> FloatVector:
    """Block sizes as float64, the default ones when None."""
    if sizes is None:
        return block_sizes(values).astype(np.float64)
    scales = np.unique(np.asarray(sizes, dtype=np.int64))
    if scales.size < 4 or scales[0] < 3 or scales[-1] > values:
        raise InvalidInput(
            f"expected at least four different block sizes between 3 and {values} (the number of values), "
            f"got {list(sizes)}"
        )
    return scales.astype(np.float64)
