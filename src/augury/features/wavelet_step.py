"""The compiled step of the wavelet energies: the newest coefficient of every level against a trailing window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.features.stepping import STEP
from augury.numerics.compile import kernel
from augury.numerics.modwt_kernels import modwt_push, pyramid_cells
from augury.numerics.wavelet_filters import WaveletName, detail_filter, smoothing_filter
from augury.numerics.window_kernels import window_moments, window_put

__all__ = ["wavelet_params", "wavelet_state", "wavelet_step"]

_LEVELS, _WINDOW, _TREND, _ON_RETURNS, _TAPS = 0, 1, 2, 3, 4  # params, then the taps of both filters
_FILTERS = 5
_CLOSE, _PLACE = 0, 1  # state: previous close, position in the windows; then the pyramid and a window a row
_PYRAMID = 2
_NOISE = 1e-20  # a variance below this share of the mean square is rounding of the log price


def wavelet_params(wavelet: WaveletName, *, levels: int, window: int, trend: int, on_returns: bool) -> FloatVector:
    """Parameters of `wavelet_step`."""
    low, high = smoothing_filter(wavelet), detail_filter(wavelet)
    return np.concatenate([np.array([levels, window, trend, on_returns, low.size], dtype=np.float64), low, high])


def wavelet_state(params: FloatVector) -> FloatVector:
    """The empty state of `wavelet_step`: everything unknown."""
    levels, window, taps = int(params[_LEVELS]), int(params[_WINDOW]), int(params[_TAPS])
    state = np.full(_PYRAMID + pyramid_cells(levels, taps) + (levels + 1) * 2 * window, np.nan)
    state[_PLACE] = 0.0
    return state


@kernel("void(float64[::1], int64, int64, int64, float64[::1])")
def _measure(state: Any, first: Any, levels: Any, width: Any, out: Any) -> None:
    """Energies to out[: levels + 1] (the smooth's is its variance) and z-scores of the newest details behind shares."""
    zs = 2 * (levels + 1)
    for level in range(levels):
        at = first + level * 2 * width
        mean, energy, variance = window_moments(state, at, width, 0.0)
        out[level] = energy
        if variance > _NOISE * energy:
            out[zs + level] = (state[at + width - 1] - mean) / math.sqrt(variance)
    at = first + levels * 2 * width
    _, _, out[levels] = window_moments(state, at, width, state[at + width - 1])


@kernel("void(int64, float64[::1])")
def _share_out(levels: Any, out: Any) -> None:
    """Shares behind the energies; entropy, slope and dominant level behind the z-scores; NaN where no energy is."""
    total = 0.0
    for level in range(levels + 1):
        total += out[level]
    if not total > 0.0:
        return
    entropy, slope, known = math.log2(total), 0.0, True
    dominant = 0
    for level in range(levels + 1):
        share = out[level] / total
        out[levels + 1 + level] = share
        height = math.log2(out[level]) if out[level] > 0.0 else 0.0
        entropy -= share * height  # -sum p log2 p, as the energies' own logarithms serve the slope too
        if level < levels:
            known = known and out[level] > 0.0
            slope += (level - 0.5 * (levels - 1)) * height
            dominant = level if out[level] > out[dominant] else dominant
    last = 3 * levels + 2
    out[last] = min(max(entropy / math.log2(levels + 1.0), 0.0), 1.0)
    if known:
        out[last + 1] = slope / (levels * (levels * levels - 1.0) / 12.0)
    if out[dominant] > 0.0:
        out[last + 2] = dominant + 1.0


@kernel(STEP)
def wavelet_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Transform the newest log return or log price, remember its coefficients, and measure the window."""
    levels, width, taps = int(params[_LEVELS]), int(params[_WINDOW]), int(params[_TAPS])
    low = params[_FILTERS : _FILTERS + taps]
    high = params[_FILTERS + taps : _FILTERS + 2 * taps]
    value = math.log(bar[3] / state[_CLOSE]) if params[_ON_RETURNS] > 0.0 else math.log(bar[3])
    state[_CLOSE] = bar[3]
    row = out[: levels + 1]  # until they are put into their windows
    modwt_push(state, _PYRAMID, low, high, value, row)
    windows = state.shape[0] - (levels + 1) * 2 * width
    place = int(state[_PLACE])
    for level in range(levels + 1):
        window_put(state, windows + level * 2 * width, width, place, row[level])
    state[_PLACE] = 0.0 if place + 1 == width else place + 1.0
    out[:] = np.nan
    first = windows + place + 1
    smooth = first + levels * 2 * width
    if math.isnan(state[smooth]):  # the last level's window is the last to fill
        return
    _measure(state, first, levels, width, out)
    _share_out(levels, out)
    newest = smooth + width - 1
    out[3 * levels + 5] = state[newest] - state[newest - int(params[_TREND])]
