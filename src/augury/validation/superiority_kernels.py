"""Bootstrap means of many return series at once, compiled, and their long-run variances."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.validation.bootstrap_kernels import STATIONARY, resample_places
from augury.validation.random_streams import stream_base

__all__ = ["SERIES_TILE", "bootstrap_means", "long_run_variances"]

BARS_TILE = 8192  # bars copied at a time: bounds the memory of long series
SERIES_TILE = 64  # series summed together: their running sums stay in the first-level cache


@kernel("void(float64[:, ::1], float64, int64, int64[::1], float64[:, ::1])")
def bootstrap_means(values: Any, block: Any, seed: Any, span: Any, out: Any) -> None:
    """Means of values float64[n, k] under resamples span[0]..span[1] (stationary bootstrap), into rows of out[R, k].

    All series share the resampled places. Each place is added as often as it was drawn: one pass in order of time.
    """
    bars, series = values.shape
    places = np.empty(bars, dtype=np.int64)
    weights = np.empty((span[1] - span[0], bars))
    for row in range(span[1] - span[0]):
        resample_places(STATIONARY, block, stream_base(seed, span[0] + row), places)
        weights[row] = 0.0
        for place in places:
            weights[row, place] += 1.0
    tile = np.empty((min(bars, BARS_TILE), SERIES_TILE))
    running = np.empty((weights.shape[0], SERIES_TILE))
    for first in range(0, series, SERIES_TILE):
        width = min(SERIES_TILE, series - first)
        running[:] = 0.0
        for begin in range(0, bars, BARS_TILE):
            steps = min(BARS_TILE, bars - begin)
            for t in range(steps):
                for k in range(width):
                    tile[t, k] = values[begin + t, first + k]
            for row in range(weights.shape[0]):
                sums = running[row]
                for t in range(steps):
                    weight = weights[row, begin + t]
                    if weight != 0.0:
                        for k in range(SERIES_TILE):
                            sums[k] += weight * tile[t, k]
        for row in range(weights.shape[0]):
            for k in range(width):
                out[span[0] + row, first + k] = running[row, k] / bars


@kernel("void(float64[:, ::1], float64, int64[::1], float64[::1])")
def long_run_variances(values: Any, block: Any, span: Any, out: Any) -> None:
    """Variance of sqrt(n) times the mean under the stationary bootstrap, in closed form, of rows span[0]..span[1].

    Politis and Romano (1994), equation 9 with their kernel; values float64[k, n]. Lags whose weight is below 1e-12 are
    left out.
    """
    bars = values.shape[1]
    keep = 1.0 - 1.0 / max(block, 1.0)
    for row in range(span[0], span[1]):
        centred = values[row] - values[row].mean()
        total = 0.0
        for t in range(bars):
            total += centred[t] * centred[t]
        for lag in range(1, bars):
            share = lag / bars
            weight = (1.0 - share) * keep**lag + share * keep ** (bars - lag)
            if weight < 1e-12:
                continue
            product = 0.0
            for t in range(bars - lag):
                product += centred[t] * centred[t + lag]
            total += 2.0 * weight * product
        out[row] = total / bars
