"""Quantiles of a moving window: read from a window kept in order, or tested by counting in one that is not."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = ["exceeds_quantile", "insert_sorted", "position_sorted", "quantile_sorted", "replace_sorted"]


@kernel("int64(float64[::1], int64, float64)")
def position_sorted(values: FloatVector, size: int, value: float) -> int:
    """How many of the first `size` ordered entries are smaller than `value`."""
    low, length = 0, size
    while length > 0:  # the halving has no unpredictable branch
        half = length >> 1
        low += (length - half) * int(values[low + half] < value)
        length = half
    return low


@kernel("void(float64[::1], int64, float64)")
def insert_sorted(values: FloatVector, size: int, value: float) -> None:
    """Put `value` in its place among the first `size` ordered entries; `values` has room for one more."""
    at = position_sorted(values, size, value)
    for i in range(size, at, -1):
        values[i] = values[i - 1]
    values[at] = value


@kernel("void(float64[::1], int64, float64, float64)")
def replace_sorted(values: FloatVector, size: int, old: float, new: float) -> None:
    """Take `old` (present) out of the first `size` ordered entries and put `new` in, moving only what lies between."""
    out = position_sorted(values, size, old)
    if new >= old:
        at = position_sorted(values, size, new) - 1
        if at < out:
            at = out
        for i in range(out, at):
            values[i] = values[i + 1]
    else:
        at = position_sorted(values, size, new)
        for i in range(out, at, -1):
            values[i] = values[i - 1]
    values[at] = new


@kernel("float64(float64[::1], int64, float64)")
def quantile_sorted(values: FloatVector, size: int, share: float) -> float:
    """The quantile of the first `size` ordered entries by linear interpolation (type 7 of Hyndman and Fan 1996)."""
    place = share * (size - 1)
    below = int(place)
    if below >= size - 1:
        return float(values[size - 1])
    part = place - below
    low, high = values[below], values[below + 1]
    if part >= 0.5:
        return float(high - (high - low) * (1.0 - part))
    return float(low + (high - low) * part)


@kernel("boolean(float64[::1], int64, float64, float64)")
def exceeds_quantile(values: FloatVector, size: int, share: float, value: float) -> bool:
    """Whether `value` exceeds the quantile (as `quantile_sorted`) of the first `size` >= 1 entries, in any order.

    Counting the smaller entries settles nearly every case at the speed of a vector unit, faster than keeping order for
    windows of up to several thousand; only a value between the two entries next to the quantile needs them.
    """
    smaller = 0
    for i in range(size):
        smaller += 1 if values[i] < value else 0
    place = share * (size - 1)
    below = int(place)
    if smaller <= below:
        return False
    if smaller >= min(below + 2, size):
        return True
    pair = np.array([-np.inf, np.inf])
    for i in range(size):
        if values[i] < value:
            pair[0] = max(pair[0], values[i])
        else:
            pair[1] = min(pair[1], values[i])
    return value > quantile_sorted(pair, 2, place - below)
