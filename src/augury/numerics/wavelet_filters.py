"""Filters of the wavelets: smoothing taps scaled to add up to one, their mirror for details, and cascades of both.

The taps of a wavelet with N vanishing moments are (1 + z)^N times one root of every reciprocal pair of Daubechies'
polynomial, sum of C(N - 1 + k, k) y^k with y = (2 - z - 1/z) / 4: all roots on one side of the unit circle for db, the
choice nearest to symmetry for sym. They stand in the order in which PyWavelets keeps `dec_lo`.
Daubechies (1992), Ten Lectures on Wavelets, chapters 6 and 8.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from augury.arrays import FloatVector

__all__ = ["SMOOTHING", "WaveletName", "cascade", "detail_filter", "smoothing_filter"]

WaveletName: TypeAlias = Literal["haar", "db2", "db4", "sym4"]

_ROOT = math.sqrt(3.0)
SMOOTHING: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "haar": (0.5, 0.5),
        "db2": ((1.0 - _ROOT) / 8.0, (3.0 - _ROOT) / 8.0, (3.0 + _ROOT) / 8.0, (1.0 + _ROOT) / 8.0),
        "db4": (
            -0.0074934946651807362226,
            0.023251800535490882303,
            0.021808150237088626329,
            -0.13225358368451986803,
            -0.019787513117822321548,
            0.44610006912337981159,
            0.50547285754591443144,
            0.16290171402564917414,
        ),
        "sym4": (
            -0.053574450709102909116,
            -0.020955482562529763786,
            0.3518695343281499438,
            0.5683291217038203594,
            0.21061726710178854292,
            -0.070158812089271724269,
            -0.008912350720835577609,
            0.022785172947981128651,
        ),
    }
)


def smoothing_filter(wavelet: WaveletName) -> FloatVector:
    """The taps of V, float64[L], the first for the newest value; they add up to one."""
    return np.array(SMOOTHING[wavelet])


def detail_filter(wavelet: WaveletName) -> FloatVector:
    """The taps of W, float64[L], the first for the newest value: the quadrature mirror of the smoothing filter."""
    taps = smoothing_filter(wavelet)[::-1].copy()
    taps[::2] *= -1.0
    return taps


def cascade(wavelet: WaveletName, levels: int) -> tuple[list[FloatVector], list[FloatVector]]:
    """Details and smooths of levels 1..levels as filters of the series: taps by lag, float64[(2^j - 1)(L - 1) + 1].

    >>> cascade("haar", 2)[1][1].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    details, smooths = [], []
    smooth = np.ones(1)
    for level in range(levels):
        spread = np.zeros((len(SMOOTHING[wavelet]) - 1) * 2**level + 1)
        spread[:: 2**level] = detail_filter(wavelet)
        details.append(np.convolve(smooth, spread))
        spread[:: 2**level] = smoothing_filter(wavelet)
        smooth = np.convolve(smooth, spread)
        smooths.append(smooth)
    return details, smooths
