"""Compiled measures of one equity curve or one series of returns: what every metric and every sweep adds up with.

Every sum is taken in eight lanes: value i goes to lane i mod 8, in order of i, and the lanes are added in one fixed
tree. That is the canonical order of the whole product: a number computed here has the same bits wherever it is
computed, and eight independent chains let the processor add several values at once. Arrays are float64, contiguous and
finite; the callers check that. Nothing allocates.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.numerics.compile import inlined, kernel

__all__ = [
    "all_finite",
    "drawdown_series",
    "lane_sum",
    "lane_sum_centred_squares",
    "lane_sum_products",
    "lane_sum_squares",
    "lane_sum_squares_below",
    "longest_drawdown",
    "max_drawdown",
    "mean_and_std",
    "ratio",
    "returns_of",
]


@kernel("float64(float64[::1])")
def lane_sum(x: Any) -> float:
    """Sum of x in the canonical order; 0 when x is empty."""
    whole = x.size - x.size % 8
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 8):
        a += x[i]
        b += x[i + 1]
        c += x[i + 2]
        d += x[i + 3]
        e += x[i + 4]
        f += x[i + 5]
        g += x[i + 6]
        h += x[i + 7]
    left = x.size - whole
    a += x[whole] if left > 0 else 0.0
    b += x[whole + 1] if left > 1 else 0.0
    c += x[whole + 2] if left > 2 else 0.0
    d += x[whole + 3] if left > 3 else 0.0
    e += x[whole + 4] if left > 4 else 0.0
    f += x[whole + 5] if left > 5 else 0.0
    g += x[whole + 6] if left > 6 else 0.0
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@kernel("float64(float64[::1], float64)")
def lane_sum_centred_squares(x: Any, mean: Any) -> float:
    """Sum of (x - mean)^2 in the canonical order; 0 when x is empty."""
    whole = x.size - x.size % 8
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 8):
        a += (x[i] - mean) * (x[i] - mean)
        b += (x[i + 1] - mean) * (x[i + 1] - mean)
        c += (x[i + 2] - mean) * (x[i + 2] - mean)
        d += (x[i + 3] - mean) * (x[i + 3] - mean)
        e += (x[i + 4] - mean) * (x[i + 4] - mean)
        f += (x[i + 5] - mean) * (x[i + 5] - mean)
        g += (x[i + 6] - mean) * (x[i + 6] - mean)
        h += (x[i + 7] - mean) * (x[i + 7] - mean)
    left = x.size - whole
    a += (x[whole] - mean) * (x[whole] - mean) if left > 0 else 0.0
    b += (x[whole + 1] - mean) * (x[whole + 1] - mean) if left > 1 else 0.0
    c += (x[whole + 2] - mean) * (x[whole + 2] - mean) if left > 2 else 0.0
    d += (x[whole + 3] - mean) * (x[whole + 3] - mean) if left > 3 else 0.0
    e += (x[whole + 4] - mean) * (x[whole + 4] - mean) if left > 4 else 0.0
    f += (x[whole + 5] - mean) * (x[whole + 5] - mean) if left > 5 else 0.0
    g += (x[whole + 6] - mean) * (x[whole + 6] - mean) if left > 6 else 0.0
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@kernel("float64(float64[::1])")
def lane_sum_squares(x: Any) -> float:
    """Sum of x^2 in the canonical order; 0 when x is empty."""
    return lane_sum_centred_squares(x, 0.0)


@kernel("float64(float64[::1], float64[::1])")
def lane_sum_products(x: Any, y: Any) -> float:
    """Sum of x * y, vectors of one length, in the canonical order; 0 when they are empty."""
    whole = x.size - x.size % 8
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 8):
        a += x[i] * y[i]
        b += x[i + 1] * y[i + 1]
        c += x[i + 2] * y[i + 2]
        d += x[i + 3] * y[i + 3]
        e += x[i + 4] * y[i + 4]
        f += x[i + 5] * y[i + 5]
        g += x[i + 6] * y[i + 6]
        h += x[i + 7] * y[i + 7]
    left = x.size - whole
    a += x[whole] * y[whole] if left > 0 else 0.0
    b += x[whole + 1] * y[whole + 1] if left > 1 else 0.0
    c += x[whole + 2] * y[whole + 2] if left > 2 else 0.0
    d += x[whole + 3] * y[whole + 3] if left > 3 else 0.0
    e += x[whole + 4] * y[whole + 4] if left > 4 else 0.0
    f += x[whole + 5] * y[whole + 5] if left > 5 else 0.0
    g += x[whole + 6] * y[whole + 6] if left > 6 else 0.0
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@inlined
def _square_below(value: Any, mar: Any) -> Any:
    return (value - mar) * (value - mar) if value < mar else 0.0


@kernel("float64(float64[::1], float64)")
def lane_sum_squares_below(x: Any, mar: Any) -> float:
    """Sum of min(x - mar, 0)^2 in the canonical order; 0 when nothing lies below `mar`."""
    whole = x.size - x.size % 8
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 8):
        a += _square_below(x[i], mar)
        b += _square_below(x[i + 1], mar)
        c += _square_below(x[i + 2], mar)
        d += _square_below(x[i + 3], mar)
        e += _square_below(x[i + 4], mar)
        f += _square_below(x[i + 5], mar)
        g += _square_below(x[i + 6], mar)
        h += _square_below(x[i + 7], mar)
    left = x.size - whole
    a += _square_below(x[whole], mar) if left > 0 else 0.0
    b += _square_below(x[whole + 1], mar) if left > 1 else 0.0
    c += _square_below(x[whole + 2], mar) if left > 2 else 0.0
    d += _square_below(x[whole + 3], mar) if left > 3 else 0.0
    e += _square_below(x[whole + 4], mar) if left > 4 else 0.0
    f += _square_below(x[whole + 5], mar) if left > 5 else 0.0
    g += _square_below(x[whole + 6], mar) if left > 6 else 0.0
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@kernel("boolean(float64[::1])")
def all_finite(x: Any) -> bool:
    """Whether no value is NaN or infinite: 0 times such a value is NaN, and NaN stays in its lane."""
    whole = x.size - x.size % 4
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 4):
        a += x[i] * 0.0
        b += x[i + 1] * 0.0
        c += x[i + 2] * 0.0
        d += x[i + 3] * 0.0
    for i in range(whole, x.size):
        a += x[i] * 0.0
    return (a + b) + (c + d) == 0.0


@kernel("float64(float64, float64)")
def ratio(above: Any, below: Any) -> float:
    """above / below, NaN where below is 0 or either is NaN: an undefined measure, never an infinity."""
    return above / below if below != 0.0 else np.nan


@kernel("UniTuple(float64, 2)(float64[::1])")
def mean_and_std(x: Any) -> tuple[float, float]:
    """Arithmetic mean and sample standard deviation (ddof 1), from squares centred on the mean.

    NaN for the mean of no values and for the deviation of fewer than two. A spread that rounding alone explains (below
    1e-15, or 1e-12 of the mean) is exactly 0: a return is a ratio less one, so it carries an error of about 1e-16.
    """
    n = x.size
    if n == 0:
        return np.nan, np.nan
    mean = lane_sum(x) / n
    if n == 1:
        return mean, np.nan
    squares = lane_sum_centred_squares(x, mean)
    rounding = 1e-15 + 1e-12 * abs(mean)
    return mean, sqrt(squares / (n - 1)) if squares > n * rounding * rounding else 0.0


@kernel("void(float64, float64[::1], float64[::1])")
def returns_of(initial: Any, equity: Any, out: Any) -> None:
    """Simple returns into `out`: equity[0]/initial - 1, then equity[t]/equity[t-1] - 1."""
    if equity.size == 0:
        return
    out[0] = equity[0] / initial - 1.0
    for i in range(1, equity.size):
        out[i] = equity[i] / equity[i - 1] - 1.0


@inlined
def _greater(a: Any, b: Any) -> Any:
    return a if a > b else b


@inlined
def _lesser(a: Any, b: Any) -> Any:
    return a if a < b else b


@kernel("UniTuple(float64, 2)(float64[::1], int64)")
def _block_extremes(x: Any, i: Any) -> tuple[float, float]:
    """Greatest and least of x[i : i + 16], as a tree so that several comparisons run at once."""
    a, b = _greater(x[i], x[i + 8]), _greater(x[i + 1], x[i + 9])
    c, d = _greater(x[i + 2], x[i + 10]), _greater(x[i + 3], x[i + 11])
    e, f = _greater(x[i + 4], x[i + 12]), _greater(x[i + 5], x[i + 13])
    g, h = _greater(x[i + 6], x[i + 14]), _greater(x[i + 7], x[i + 15])
    high = _greater(_greater(_greater(a, e), _greater(c, g)), _greater(_greater(b, f), _greater(d, h)))
    a, b = _lesser(x[i], x[i + 8]), _lesser(x[i + 1], x[i + 9])
    c, d = _lesser(x[i + 2], x[i + 10]), _lesser(x[i + 3], x[i + 11])
    e, f = _lesser(x[i + 4], x[i + 12]), _lesser(x[i + 5], x[i + 13])
    g, h = _lesser(x[i + 6], x[i + 14]), _lesser(x[i + 7], x[i + 15])
    low = _lesser(_lesser(_lesser(a, e), _lesser(c, g)), _lesser(_lesser(b, f), _lesser(d, h)))
    return high, low


@kernel("Tuple((float64, int64, int64))(float64, float64[::1])")
def max_drawdown(initial: Any, equity: Any) -> tuple[float, int, int]:
    """Deepest fall from a running peak: (depth <= 0, bar of the peak, bar of the trough).

    depth is the least equity[t]/peak[t] - 1, where the first peak is `initial` (bar -1). The first of equal troughs and
    the last bar that stood at its peak are named; a curve that never falls gives (0, -1, -1). Bars are read in blocks
    of 16: one that stays below the peak needs only its minimum, because division keeps order, bit for bit.
    """
    n = equity.size
    peak, peak_at, lowest = initial, -1, 1.0
    deepest_peak_at, trough_at = -1, -1
    i = 0
    while i < n:
        stop = min(i + 16, n)
        if stop == i + 16:
            high, low = _block_extremes(equity, i)
            if high < peak and low / peak >= lowest:
                i = stop
                continue
        for t in range(i, stop):
            value = equity[t]
            if value >= peak:
                peak, peak_at = value, t
            elif value / peak < lowest:
                lowest, deepest_peak_at, trough_at = value / peak, peak_at, t
        i = stop
    return lowest - 1.0, deepest_peak_at, trough_at


@kernel("void(float64, float64[::1], float64[::1])")
def drawdown_series(initial: Any, equity: Any, out: Any) -> None:
    """equity[t]/peak[t] - 1 into `out` (<= 0), where the first peak is `initial`."""
    peak = initial
    for t in range(equity.size):
        peak = _greater(equity[t], peak)
        out[t] = equity[t] / peak - 1.0


@kernel("Tuple((int64, int64, int64))(float64, float64[::1])")
def longest_drawdown(initial: Any, equity: Any) -> tuple[int, int, int]:
    """Longest time from a peak to its recovery, or to the last bar when open: (bars, bar of the peak, last bar of it).

    A fall is recovered at the first bar whose equity is at least the peak. The first of equal lengths is named; a curve
    that never falls gives (0, -1, -1).
    """
    n = equity.size
    peak, peak_at = initial, -1
    longest, longest_from, longest_to = 0, -1, -1
    i = 0
    while i < n:
        stop = min(i + 16, n)
        if stop == i + 16:
            high, _ = _block_extremes(equity, i)
            if high < peak:
                i = stop
                continue
        for t in range(i, stop):
            if equity[t] >= peak:
                if t - peak_at > max(longest, 1):
                    longest, longest_from, longest_to = t - peak_at, peak_at, t
                peak, peak_at = equity[t], t
        i = stop
    if n - 1 - peak_at > longest:
        longest, longest_from, longest_to = n - 1 - peak_at, peak_at, n - 1
    return longest, longest_from, longest_to
