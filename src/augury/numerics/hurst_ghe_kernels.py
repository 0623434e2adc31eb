"""The rolling generalised Hurst exponent, compiled: exact sums, O(lags) a bar.

A step keeps, for every lag, the sum over the window of |p[t] - p[t - lag]| and of its square root. Each term is first
rounded to a multiple of a power of two (the quantum, about 1e-13 of log price), so that adding and removing terms is
exact in float64: the sums never drift, need no refresh, and depend on nothing but the window.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = ["LAGS", "ghe_initial_state", "ghe_params", "ghe_step", "natural_log"]

LAGS = 19  # tau = 1..19 (Di Matteo et al. 2003)
_PADDED = 20  # one lag more, of weight zero, fills the vector registers
_LN2 = math.log(2.0)
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD

# params: window, null mean, null sd, rounding constant, offset, then two rows of weights
_WEIGHTS = 5
# state: bars held, ring position, two rows of sums, eight lanes, two rows of weighted logarithms, the ring twice over
_SUMS = 2
_LANES = _SUMS + 2 * _PADDED
_LOGS = _LANES + 8
_RING = _LOGS + 2 * _PADDED


def ghe_params(window: int, null_mean: float, null_sd: float) -> FloatVector:
    """Parameters of `ghe_step` for a window of that many log prices and the noise moments of the exponent."""
    lags = np.arange(1, LAGS + 1)
    x = np.log(lags)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    row = np.zeros(_PADDED)
    row[:LAGS] = weights
    # sums stay exact while the mean of a term is below 4 over the window: window * 4 / quantum < 2^53
    quantum = 2.0 ** (math.ceil(math.log2(window)) + 2 - 53)
    offset = float(np.sum(weights * np.log(window - lags)))
    head = np.array([window, null_mean, null_sd, 1.5 * 2.0**52 * quantum, offset])
    return np.concatenate([head, row, 2.0 * row])


def ghe_initial_state(window: int) -> FloatVector:
    """The empty state of `ghe_step`."""
    return np.zeros(_RING + 2 * window)


@kernel("float64(float64)")
def natural_log(x: float) -> float:
    """The logarithm of a positive normal number to 1 ulp or so, in branch-free arithmetic that vectorises.

    x = 2^e m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh(s), s = (m - 1)/(m + 1), by its Taylor series in s^2 to
    the 21st power of s. Zero gives -1023 ln 2.
    """
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    m = np.int64(bits - (exponent << 52)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * (1.0 / 7.0 + z * (1.0 / 9.0))
    middle = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0))
    high = 1.0 / 19.0 + z * (1.0 / 21.0)
    series = low + z4 * (middle + z4 * high)
    return exponent * _LN2 + (2.0 * s + 2.0 * s * (z * series))


@kernel("void(float64[::1], float64[::1])")
def _fill_sums(state: Any, params: Any) -> None:
    """The sums of a ring that has just become full, term by term."""
    window = int(params[0])
    magic = params[3]
    for j in range(_PADDED):
        absolute = 0.0
        root = 0.0
        for i in range(j + 1, window):
            change = abs(state[_RING + i] - state[_RING + i - j - 1])
            absolute += (change + magic) - magic
            root += (math.sqrt(change) + magic) - magic
        state[_SUMS + j] = absolute
        state[_SUMS + _PADDED + j] = root


@kernel("void(float64[::1], float64[::1], float64)")
def _slide_sums(state: Any, params: Any, newest: Any) -> None:
    """Add the pairs that end at the newest log price and remove those that begin at the oldest."""
    window = int(params[0])
    magic = params[3]
    at = _RING + int(state[1])
    oldest = state[at]
    leaving = state[at + 1 : at + 1 + _PADDED]
    coming = state[at + window - _PADDED : at + window]
    absolute = state[_SUMS : _SUMS + _PADDED]
    root = state[_SUMS + _PADDED : _SUMS + 2 * _PADDED]
    for j in range(_PADDED):
        new = abs(newest - coming[_PADDED - 1 - j])
        old = abs(leaving[j] - oldest)
        absolute[j] += ((new + magic) - magic) - ((old + magic) - magic)
        root[j] += ((math.sqrt(new) + magic) - magic) - ((math.sqrt(old) + magic) - magic)


@kernel("boolean(float64[::1], float64[::1])")
def _slopes(state: Any, params: Any) -> bool:
    """Put the two slopes into the first two lanes; False when the price never moved at some lag."""
    weights = params[_WEIGHTS : _WEIGHTS + 2 * _PADDED]
    sums = state[_SUMS : _SUMS + 2 * _PADDED]
    lanes = state[_LANES : _LANES + 8]
    logs = state[_LOGS : _LOGS + 2 * _PADDED]
    for j in range(2 * _PADDED):
        logs[j] = weights[j] * natural_log(sums[j])
    for j in range(4):
        lanes[j] = ((logs[j] + logs[4 + j]) + (logs[8 + j] + logs[12 + j])) + logs[16 + j]
        lanes[4 + j] = ((logs[20 + j] + logs[24 + j]) + (logs[28 + j] + logs[32 + j])) + logs[36 + j]
    first = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    second = (lanes[4] + lanes[5]) + (lanes[6] + lanes[7])
    for j in range(4):
        lanes[j] = (sums[j] * sums[4 + j]) * (sums[8 + j] * sums[12 + j])
    product = (lanes[0] * lanes[1]) * (lanes[2] * lanes[3]) * (sums[16] * sums[17] * sums[18])
    lanes[0] = first - params[4]
    lanes[1] = second - 2.0 * params[4]
    return bool(product > 0.0)


@kernel("void(float64[::1], float64[::1], int64, float64[::1], float64[::1])")
def ghe_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """One bar: exponent, z, trending, mean reverting, fractal dimension, exponent for q = 0.5; NaN where unknown.

    The exponent is the least-squares slope of ln K_q on ln lag divided by q, K_q the mean of |p[t] - p[t - lag]|^q
    over the window. A close that is not a positive number leaves the state as it was.
    """
    for i in range(out.shape[0]):
        out[i] = np.nan
    close = bar[3]
    if not 0.0 < close < np.inf:
        return
    window = int(params[0])
    held = int(state[0])
    at = int(state[1])
    newest = math.log(close)
    if held == window:
        _slide_sums(state, params, newest)
    state[_RING + at] = newest
    state[_RING + at + window] = newest
    state[1] = 0 if at + 1 == window else at + 1
    if held < window:
        state[0] = held + 1
        if held + 1 < window:
            return
        _fill_sums(state, params)
    if not _slopes(state, params):
        return
    exponent = state[_LANES]
    z = (exponent - params[1]) / params[2]
    out[0] = exponent
    out[1] = z
    out[2] = 1.0 if z > 1.645 else 0.0
    out[3] = 1.0 if z < -1.645 else 0.0
    out[4] = 2.0 - exponent
    out[5] = state[_LANES + 1]
