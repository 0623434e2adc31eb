"""Prices without the steps of splits: what strategies and features look at."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix
from augury.market.bars import BarArrays

__all__ = ["split_adjusted"]


def split_adjusted(bars: BarArrays, actions: FloatMatrix) -> BarArrays:
    """The bars in units of the last day: earlier prices divided by the ratios of later splits, volumes multiplied.

    What strategies and features look at, so that no split looks like a crash. Orders are filled at prices as traded.
    """
    ratios = actions[0]
    if bool((ratios == 1.0).all()):
        return bars
    later = np.ones(len(bars))
    later[:-1] = np.cumprod(ratios[:0:-1])[::-1]
    matrix = bars.matrix.copy()
    matrix[:4] /= later
    matrix[4] *= later
    return BarArrays(bars.opened_at, matrix)
