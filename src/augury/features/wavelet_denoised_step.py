"""The compiled step of the wavelet denoising: shrink the newest details by the noise of the window, add them up again.

With V_0 = x and the details d_j = V_(j-1) - V_j, x[t] = V_J[t] + d_1[t] + ... + d_J[t] holds at every bar without any
later one, so the last sample needs no inverse transform over the window. For Haar d_j is W_j but for its sign.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.features.stepping import STEP
from augury.numerics.compile import kernel
from augury.numerics.modwt_kernels import modwt_push, pyramid_cells
from augury.numerics.rolling_quantile import insert_sorted, replace_sorted
from augury.numerics.wavelet_filters import smoothing_filter

__all__ = ["wavelet_denoised_params", "wavelet_denoised_state", "wavelet_denoised_step"]

_NORMAL_MAD = 0.6745  # median of |z| for standard normal z, as Donoho and Johnstone (1994) round it
_WHITE_DETAIL = math.sqrt(0.5)  # deviation of d_1 on white noise of deviation 1; 2^(-j/2) for d_j
_LEVELS, _COUNT, _LOW, _HIGH, _THRESHOLDS = 0, 1, 2, 4, 6  # params: levels, details in the window, filters, thresholds
_CLOSE, _GAP, _PLACE, _SEEN = 0, 1, 2, 3  # state: previous close and gap, position in the window, details seen
_SUMS, _ROW = 4, 8  # ... four sums and the newest details and smooth, which are worked out at every bar
# ... then the pyramid, |d_1| of the window in order of time, and in order of size


def wavelet_denoised_params(*, levels: int, window: int) -> FloatVector:
    """Parameters of `wavelet_denoised_step`: the last block holds the thresholds for a noise of deviation 1."""
    low = smoothing_filter("haar")
    universal = math.sqrt(2.0 * math.log(window))
    thresholds = [2.0 ** (-0.5 * level) * universal for level in range(1, levels + 1)]
    return np.concatenate([np.array([levels, window - 1], dtype=np.float64), low, -low, np.array(thresholds)])


def wavelet_denoised_state(params: FloatVector) -> FloatVector:
    """The empty state of `wavelet_denoised_step`."""
    levels = int(params[_LEVELS])
    state = np.full(_ROW + levels + 1 + pyramid_cells(levels, 2) + 2 * int(params[_COUNT]), np.nan)
    state[_PLACE] = state[_SEEN] = 0.0
    return state


@kernel("float64(float64[::1], int64, float64)")
def _median_with(state: Any, count: Any, size: Any) -> Any:
    """Take the newest |d_1| into the window; the median of the window, NaN until it is full."""
    times = state.shape[0] - 2 * count
    ordered = state[times + count :]
    place, seen = int(state[_PLACE]), int(state[_SEEN])
    if seen < count:
        insert_sorted(ordered, seen, size)
        state[_SEEN] = seen + 1.0
    else:
        replace_sorted(ordered, count, state[times + place], size)
    state[times + place] = size
    state[_PLACE] = 0.0 if place + 1 == count else place + 1.0
    if seen + 1 < count:
        return np.nan
    middle = count // 2
    return ordered[middle] if count % 2 == 1 else 0.5 * (ordered[middle - 1] + ordered[middle])


@kernel("void(float64[::1], int64, float64[::1], float64, float64[::1])")
def _shrink(row: Any, levels: Any, unit_thresholds: Any, noise: Any, sums: Any) -> None:
    """Soft thresholding: what is taken off the details, what stays, and the squares of both details and rest."""
    sums[:] = 0.0
    for level in range(levels):
        threshold = unit_thresholds[level] * noise
        off = min(max(row[level], -threshold), threshold)
        rest = row[level] - off
        sums[0] += off
        sums[1] += rest
        sums[2] += row[level] * row[level]
        sums[3] += rest * rest


@kernel(STEP)
def wavelet_denoised_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Feed the log price and write what is left of it after denoising, relative to it."""
    out[:] = np.nan
    levels, count = int(params[_LEVELS]), int(params[_COUNT])
    row, sums, pyramid = state[_ROW : _ROW + levels + 1], state[_SUMS:_ROW], _ROW + levels + 1
    modwt_push(state, pyramid, params[_LOW:_HIGH], params[_HIGH:_THRESHOLDS], math.log(bar[3]), row)
    before, gap_before = state[_CLOSE], state[_GAP]
    state[_CLOSE] = bar[3]
    if math.isnan(row[0]):
        return
    noise = _median_with(state, count, abs(row[0])) / (_NORMAL_MAD * _WHITE_DETAIL)
    if math.isnan(noise) or math.isnan(row[levels]):
        return
    _shrink(row, levels, params[_THRESHOLDS:], noise, sums)
    gap = -sums[0]
    state[_GAP] = gap
    out[0] = gap
    out[1] = math.log(bar[3] / before) + (gap - gap_before)
    out[2] = sums[1]
    out[3] = noise
    for i in range(3):
        out[4 + i] = out[i] / noise if noise > 0.0 else np.nan
    if sums[2] > 0.0:
        out[7] = min(sums[3] / sums[2], 1.0)
