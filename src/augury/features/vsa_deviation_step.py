"""The compiled step of the spread deviation: how far a bar's range lies from what its volume usually buys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.features.stepping import STEP
from augury.numerics.compile import kernel
from augury.numerics.rolling import HEADER, ring_full, ring_median, ring_push

__all__ = ["STATE_CELLS", "vsa_deviation_step"]

_WINDOW, _MIN_CORRELATION = 0, 1  # params
_RANGES, _ATR, _CLOSE = 0, 1, 2  # state: true ranges seen, their sum then Wilder's average, previous close
STATE_CELLS = 3  # ... before the three rings (volumes, range and volume ratios) and the scratch of the median
_DEVIATION, _SLOPE, _INTERCEPT, _CORRELATION = 0, 1, 2, 3
_NOISE = 1e-24  # a centred square below this share of the raw one is rounding, not variance


@kernel("void(float64[::1], int64, int64, int64, float64[::1])")
def centred_sums(state: Any, x_at: Any, y_at: Any, width: Any, sums: Any) -> None:
    """Means of x and y and their centred sums of squares and products, in two passes over two full rings."""
    first_x, first_y = x_at + HEADER, y_at + HEADER
    head = int(state[x_at])
    mean_x = 0.0
    mean_y = 0.0
    for i in range(width):
        at = head + i - width if head + i >= width else head + i
        mean_x += state[first_x + at]
        mean_y += state[first_y + at]
    mean_x /= width
    mean_y /= width
    sxx = 0.0
    syy = 0.0
    sxy = 0.0
    for i in range(width):
        at = head + i - width if head + i >= width else head + i
        dx = state[first_x + at] - mean_x
        dy = state[first_y + at] - mean_y
        sxx += dx * dx
        syy += dy * dy
        sxy += dx * dy
    sums[0], sums[1], sums[2], sums[3], sums[4] = mean_x, mean_y, sxx, syy, sxy


@kernel("void(float64[::1], float64, int64, float64, float64, float64[::1])")
def _deviate(sums: Any, min_correlation: Any, width: Any, x: Any, y: Any, out: Any) -> None:
    mean_x, mean_y, sxx, syy, sxy = sums[0], sums[1], sums[2], sums[3], sums[4]
    if math.isnan(mean_y) or not sxx > _NOISE * width * mean_x * mean_x:
        return
    slope = sxy / sxx
    intercept = mean_y - slope * mean_x
    out[_SLOPE] = slope
    out[_INTERCEPT] = intercept
    related = slope > 0.0
    if syy > _NOISE * width * mean_y * mean_y:
        correlation = min(max(sxy / math.sqrt(sxx * syy), -1.0), 1.0)
        out[_CORRELATION] = correlation
        related = related and correlation >= min_correlation
    if not (math.isnan(x) or math.isnan(y)):
        out[_DEVIATION] = y - (intercept + slope * x) if related else 0.0


@kernel("void(float64[::1], int64, float64[::1])")
def _remember_range(state: Any, width: Any, bar: Any) -> None:
    """Wilder's average true range: the mean of the first `width` true ranges, then recursive."""
    if not math.isnan(state[_CLOSE]):
        true_range = max(bar[1], state[_CLOSE]) - min(bar[2], state[_CLOSE])
        state[_RANGES] += 1.0
        if state[_RANGES] < width:
            state[_ATR] += true_range
        elif state[_RANGES] == width:
            state[_ATR] = (state[_ATR] + true_range) / width
        else:
            state[_ATR] = (state[_ATR] * (width - 1) + true_range) / width
    state[_CLOSE] = bar[3]


@kernel(STEP)
def vsa_deviation_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Judge the bar by the regression over the bars before it, then remember it."""
    out[:] = np.nan
    width = int(params[_WINDOW])
    volumes = STATE_CELLS
    xs = volumes + HEADER + width
    ys = xs + HEADER + width
    scratch = ys + HEADER + width
    if state[_RANGES] >= width:
        usual = ring_median(state, volumes, width, scratch)
        x = bar[4] / usual if usual > 0.0 else np.nan
        y = (bar[1] - bar[2]) / state[_ATR] if state[_ATR] > 0.0 else np.nan
        if ring_full(state, xs, width):
            sums = np.empty(5)
            centred_sums(state, xs, ys, width, sums)
            _deviate(sums, params[_MIN_CORRELATION], width, x, y, out)
        ring_push(state, xs, width, x)
        ring_push(state, ys, width, y)
    _remember_range(state, width, bar)
    ring_push(state, volumes, width, bar[4])
