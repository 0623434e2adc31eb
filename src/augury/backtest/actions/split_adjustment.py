"""Prices without the steps of splits: what strategies and features look at."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix
from augury.market.bars import BarArrays

__all__ = ["split_adjusted"]


def split_adjusted(bars: BarArrays, actions: FloatMatrix) -> BarArrays:
    """The bars in units of the first day: prices times the ratios of the splits so far, volumes divided by them.

    What strategies and features look at, so that no split looks like a crash; only splits up to a bar change it, so a
    price level tells nothing about later ones. Orders are filled at prices as traded.
    """
    ratios = actions[0]
    if bool((ratios == 1.0).all()):
        return bars
    so_far = np.cumprod(ratios)
    matrix = bars.matrix.copy()
    matrix[:4] *= so_far
    matrix[4] /= so_far
    return BarArrays(bars.opened_at, matrix)
