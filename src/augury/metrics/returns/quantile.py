"""Quantiles without sorting everything."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput

__all__ = ["MANY_BARS", "ordered_around", "quantile_of_sorted", "quantile_of_tail", "sorted_tails"]

MANY_BARS = 16_384
"""From here on kernels for long curves pay for their loading; shorter ones take simpler means to the same bits."""

_SAMPLE, _MARGIN = 4096, 0.012  # its size, and over three standard errors of the share below its 5 % quantile


def ordered_around(x: FloatVector, *levels: float) -> FloatVector:
    """A copy of float64[n] with the values that quantiles at `levels` read in their sorted places."""
    if x.size == 0:
        return x
    places = [int((x.size - 1) * level) for level in levels]
    return np.partition(x, [*places, *(min(place + 1, x.size - 1) for place in places)])


def quantile_of_sorted(ordered: FloatVector, level: float) -> float:
    """Quantile of float64[n] that is sorted, or `ordered_around` the level; NaN when empty.

    Linear between neighbours (type 7 of Hyndman and Fan 1996).

    The same interpolation as numpy's default, without its overhead.

    >>> quantile_of_sorted([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    return quantile_of_tail(ordered, 0, len(ordered), level)


def sorted_tails(x: FloatVector, low: float, high: float) -> tuple[FloatVector, FloatVector, int]:
    """The least values of float64[n], sorted, some great ones, sorted, and how many lie before those.

    The first are at least all those at or below the quantile at `low`, the second those that the quantile at `high`
    reads. A sample says where to cut; whatever it says, the values are those of a full sort.
    """
    n = x.size
    if n < MANY_BARS:
        ordered = np.sort(x)
        return ordered, ordered, 0
    return _tails_of_many(x, low, high)


def _tails_of_many(x: FloatVector, low: float, high: float) -> tuple[FloatVector, FloatVector, int]:
    from augury.metrics.tail_kernels import outer_values, sort_values  # compiled code that short curves do not need

    n = x.size
    sample = np.sort(x[:: n // _SAMPLE])
    levels = (low + _MARGIN, high - _MARGIN, high + _MARGIN)
    cuts = [float(sample[int((sample.size - 1) * level)]) for level in levels]
    outer, place = np.empty(n // 4), int((n - 1) * high)
    under, over, above = outer_values(x, cuts[0], cuts[1], cuts[2], outer) if cuts[0] < cuts[1] else (-1, -1, -1)
    before = n - above - over
    if under > int((n - 1) * low) + 1 and before <= place and place + 1 < before + over:
        lows, highs = outer[:under], outer[under : under + over]
        sort_values(lows.view(np.int64))
        sort_values(highs.view(np.int64))
        return lows, highs, before
    ordered = x.copy()
    sort_values(ordered.view(np.int64))
    return ordered, ordered, 0


def quantile_of_tail(tail: FloatVector, before: int, n: int, level: float) -> float:
    """`quantile_of_sorted` of n sorted values of which `tail` holds those after the first `before`."""
    if not 0.0 < level < 1.0:
        raise InvalidInput(f"a quantile's level should lie between 0 and 1, got {level!r}")
    if n == 0:
        return math.nan
    place = (n - 1) * level
    below = int(place)
    if below + 1 == n:
        return float(tail[below - before])
    low, high, share = float(tail[below - before]), float(tail[below + 1 - before]), place - below
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1.0 - share)
