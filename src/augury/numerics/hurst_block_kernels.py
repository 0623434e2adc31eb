"""Rescaled range and detrended fluctuation over right-aligned blocks, compiled, and a step that recomputes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = [
    "DFA",
    "RESCALED_RANGE",
    "block_initial_state",
    "block_params",
    "block_step",
    "fluctuation_curve",
    "rescaled_range_curve",
    "scaling_slope",
]

RESCALED_RANGE = 0.0
DFA = 1.0
_FEWEST_SIZES = 4
_CONSTANT = 1e-12  # a spread below this fraction of the largest value is rounding, not movement

# params: window, step bars, method, null mean, null sd, number of sizes; then sizes, their logarithms, ln expected
_SIZES = 6
# state: bars seen, returns held, ring position, previous close, last exponent, its age; then the ring twice over
_RING = 6


def block_params(
    *, window: int, step_bars: int, method: float, null: tuple[float, float], sizes: FloatVector, expected: FloatVector
) -> FloatVector:
    """Parameters of `block_step`; `expected` is subtracted from the curve in logarithms (ones for DFA)."""
    head = np.array([window, step_bars, method, null[0], null[1], len(sizes)], dtype=np.float64)
    return np.concatenate([head, sizes.astype(np.float64), np.log(sizes), np.log(expected)])


def block_initial_state(window: int) -> FloatVector:
    """The empty state of `block_step`."""
    state = np.zeros(_RING + 2 * window)
    state[3] = state[4] = state[5] = np.nan
    return state


@kernel("float64(float64[::1])")
def _smallest_spread(x: Any) -> float:
    """The standard deviation at or below which a block counts as constant."""
    largest = 0.0
    for i in range(x.shape[0]):
        largest = max(largest, abs(x[i]))
    return _CONSTANT * largest


@kernel("void(float64[::1], float64[::1], float64[::1])")
def rescaled_range_curve(x: Any, sizes: Any, curve: Any) -> None:
    """Mean over the blocks of each size of range / standard deviation; NaN for a size whose blocks are all constant.

    Per block: d = x - mean, Z = cumsum(d), range = max Z - min Z, standard deviation with ddof = 0. Blocks end at the
    last value. Mandelbrot and Wallis (1969).
    """
    n = x.shape[0]
    walk = np.empty(n + 1)
    walk[0] = 0.0
    for i in range(n):
        walk[i + 1] = walk[i] + x[i]
    floor = _smallest_spread(x)
    for s in range(sizes.shape[0]):
        size = int(sizes[s])
        total = 0.0
        used = 0
        for start in range(n % size, n, size):
            block = x[start : start + size]
            path = walk[start + 1 : start + size + 1]
            base = walk[start]
            mean = (path[size - 1] - base) / size
            highest = -np.inf
            lowest = np.inf
            squares = 0.0
            for i in range(size):
                z = path[i] - base - (i + 1) * mean
                if z > highest:
                    highest = z
                if z < lowest:
                    lowest = z
                d = block[i] - mean
                squares += d * d
            spread = math.sqrt(squares / size)
            if spread > floor:
                total += (highest - lowest) / spread
                used += 1
        curve[s] = total / used if used > 0 else np.nan


@kernel("void(float64[::1], float64[::1], float64[::1])")
def fluctuation_curve(x: Any, sizes: Any, curve: Any) -> None:
    """Root mean square residual of the profile around a line per block, for each size; NaN where it vanishes.

    The profile is cumsum(x - mean). Blocks end at the last value. Peng et al. (1994), order 1.
    """
    n = x.shape[0]
    mean = 0.0
    for i in range(n):
        mean += x[i]
    mean /= n
    profile = np.empty(n)
    level = 0.0
    for i in range(n):
        level += x[i] - mean
        profile[i] = level
    floor = _smallest_spread(x)
    for s in range(sizes.shape[0]):
        size = int(sizes[s])
        middle = 0.5 * (size - 1)
        time_squares = size * (size * size - 1.0) / 12.0
        residual = 0.0
        for start in range(n % size, n, size):
            block = profile[start : start + size]
            centre = 0.0
            for i in range(size):
                centre += block[i]
            centre /= size
            squares = 0.0
            products = 0.0
            for i in range(size):
                y = block[i] - centre
                squares += y * y
                products += y * (i - middle)
            residual += max(squares - products * products / time_squares, 0.0)
        fluctuation = math.sqrt(residual / (n // size * size))
        curve[s] = fluctuation if fluctuation > floor * size else np.nan


@kernel("float64(float64[::1], float64[::1], float64[::1])")
def scaling_slope(curve: Any, log_sizes: Any, log_expected: Any) -> float:
    """Least-squares slope of ln curve - log_expected on log_sizes over the known sizes; NaN with fewer than four."""
    used = 0
    mean_x = 0.0
    mean_y = 0.0
    for s in range(curve.shape[0]):
        if curve[s] > 0.0:
            used += 1
            mean_x += log_sizes[s]
            mean_y += math.log(curve[s]) - log_expected[s]
    if used < _FEWEST_SIZES:
        return np.nan
    mean_x /= used
    mean_y /= used
    products = 0.0
    squares = 0.0
    for s in range(curve.shape[0]):
        if curve[s] > 0.0:
            x = log_sizes[s] - mean_x
            products += x * (math.log(curve[s]) - log_expected[s] - mean_y)
            squares += x * x
    return products / squares


@kernel("float64(float64[::1], float64[::1])")
def _exponent(x: Any, params: Any) -> float:
    """The exponent of one window: slope, plus a half for the corrected rescaled range."""
    count = int(params[5])
    sizes = params[_SIZES : _SIZES + count]
    log_sizes = params[_SIZES + count : _SIZES + 2 * count]
    log_expected = params[_SIZES + 2 * count : _SIZES + 3 * count]
    curve = np.empty(count)
    if params[2] == RESCALED_RANGE:
        rescaled_range_curve(x, sizes, curve)
        return 0.5 + scaling_slope(curve, log_sizes, log_expected)
    fluctuation_curve(x, sizes, curve)
    return scaling_slope(curve, log_sizes, log_expected)


@kernel("void(float64[::1], float64[::1], int64, float64[::1], float64[::1])")
def block_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """One bar: exponent, z, trending, mean reverting, fractal dimension, age in bars; NaN where unknown.

    The exponent of the last `window` log returns is computed when the window first fills and every `step_bars` bars
    after that, and held between. A close that is not a positive number adds no return and starts no new pair.
    """
    for i in range(out.shape[0]):
        out[i] = np.nan
    window = int(params[0])
    step_bars = int(params[1])
    seen = int(state[0])
    state[0] = seen + 1
    close = bar[3]
    if 0.0 < close < np.inf:
        if state[3] > 0.0:
            at = int(state[2])
            change = math.log(close / state[3])
            state[_RING + at] = change
            state[_RING + at + window] = change
            state[2] = 0 if at + 1 == window else at + 1
            state[1] = min(state[1] + 1.0, params[0])
        state[3] = close
    if state[1] < window:
        return
    state[5] += 1.0
    if (seen - window) % step_bars == 0:
        start = _RING + int(state[2])
        state[4] = _exponent(state[start : start + window], params)
        state[5] = 0.0
    exponent = state[4]
    out[5] = state[5]
    if np.isnan(exponent):
        return
    z = (exponent - params[3]) / params[4]
    out[0] = exponent
    out[1] = z
    out[2] = 1.0 if z > 1.645 else 0.0
    out[3] = 1.0 if z < -1.645 else 0.0
    out[4] = 2.0 - exponent
