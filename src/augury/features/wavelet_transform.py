"""The causal wavelet transform of a whole series, and how late each of its levels is."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput
from augury.numerics.modwt_kernels import modwt_series
from augury.numerics.wavelet_filters import SMOOTHING, WaveletName, cascade, detail_filter, smoothing_filter

__all__ = ["MAX_LEVELS", "detail_delay", "modwt", "reach", "smooth_delay"]

MAX_LEVELS = 10


def modwt(values: ArrayLike, *, wavelet: WaveletName = "haar", levels: int = 4) -> FloatMatrix:
    """Maximal overlap discrete wavelet transform of `values` float64[n]: details W_1..W_J, then the smooth V_J.

    Float64[levels + 1, n]. W_j[t] and V_j[t] are sums over V_(j-1)[t - 2^(j-1) l], l = 0..L-1, so they are known at t
    and never change. Row j is NaN before index (2^j - 1)(L - 1), V_J before that of W_J: nothing is padded, wrapped or
    shifted, so a level is late by `detail_delay` and `smooth_delay`. Raises InvalidInput for another shape than one
    row of finite numbers, an unknown wavelet, or levels outside 1..10.

    Percival and Walden (2000), Wavelet Methods for Time Series Analysis, chapter 5.

    >>> modwt([1.0, 1.0, 3.0, 3.0], levels=1).tolist()
    [[nan, 0.0, -1.0, 0.0], [nan, 1.0, 2.0, 3.0]]
    """
    _require(wavelet, levels)
    series = np.ascontiguousarray(values, dtype=np.float64)
    if series.ndim != 1 or not np.isfinite(series).all():
        raise InvalidInput(
            f"expected one row of finite numbers; got shape {series.shape} with {int((~np.isfinite(series)).sum())} "
            "that are not finite; drop what is missing before the transform"
        )
    out = np.empty((levels + 1, series.size))
    modwt_series(series, smoothing_filter(wavelet), detail_filter(wavelet), out)
    return out


def reach(wavelet: WaveletName, level: int) -> int:
    """Bars before t that a coefficient of the level at t depends on: (2^level - 1)(L - 1), its first known index."""
    _require(wavelet, level)
    return ((1 << level) - 1) * (len(SMOOTHING[wavelet]) - 1)


def smooth_delay(wavelet: WaveletName, level: int) -> float:
    """Bars by which V of the level is late: the mean lag of its taps, exact for a straight line.

    >>> smooth_delay("haar", 4)
    7.5
    """
    _require(wavelet, level)
    return float((2**level - 1) * (smoothing_filter(wavelet) @ np.arange(len(SMOOTHING[wavelet]))))


def detail_delay(wavelet: WaveletName, level: int) -> float:
    """Bars by which W of the level is late: the mean lag of its taps, weighted by their squares.

    >>> [detail_delay("haar", level) for level in (1, 2, 3, 4)]
    [0.5, 1.5, 3.5, 7.5]
    """
    _require(wavelet, level)
    energy = cascade(wavelet, level)[0][-1] ** 2
    return float(energy @ np.arange(energy.size) / energy.sum())


def _require(wavelet: str, levels: int) -> None:
    if wavelet not in SMOOTHING:
        raise InvalidInput(f"expected a wavelet among {', '.join(get_args(WaveletName))}; got {wavelet!r}")
    if not 1 <= levels <= MAX_LEVELS:
        raise InvalidInput(f"expected a level of 1 to {MAX_LEVELS}; got {levels!r}; the reach doubles with each")
