"""One value into a session's windows: moments, extremes, averages and trend, O(1) amortised and without drift.

A session's state is one float64 vector, so that a snapshot is its bytes. `lengths` int64[m] are the windows: that of
the statistics, that of the trend, then one for each simple average; `decays` float64[e] those of exponential averages.

    cells                   what
    HEAD                    values seen; updates since the sums were made anew; start and size of both queues
    SUMS * m                of each window, pairs: sum of y, of y^2 (the first two), of position * y (the second)
    2 * e                   of each exponential average: weighted sum, weights (as pandas `ewm(adjust=True)`)
    max(lengths)            ring of the last values
    2 * lengths[0]          queues of the ages that can still become the smallest and the largest (Lemire, 2006)

Sums are pairs of twice the digits; they are made anew from the ring once a ring's length of updates and when a value
has left that was so large beside the rest that even their digits do not reach.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury_server.streams.double_double import added, divided, multiplied, product, subtracted

__all__ = ["FACTS", "HEAD", "SUMS", "push"]

HEAD = 6
SUMS = 6
FACTS = 9  # cells of `out` before the averages
_SEEN, _SINCE, _LOW_QUEUE, _HIGH_QUEUE = 0, 1, 2, 4
_FAR_SMALLER = 2.0**-40
_NO_SPREAD = 2.0**-90


@kernel("float64(float64[::1], int64, int64, int64)")
def _ago(state: Any, ring: Any, width: Any, ago: Any) -> Any:
    """The value seen `ago` updates back, 0 being the newest that is counted in the state."""
    return state[ring + (int(state[_SEEN]) - 1 - ago) % width]


@kernel("void(float64[::1], int64, float64, float64)")
def _add(state: Any, at: Any, high: Any, low: Any) -> None:
    state[at], state[at + 1] = added(state[at], state[at + 1], high, low)


@kernel("void(float64[::1], int64[::1], int64, int64)")
def _make_anew(state: Any, lengths: Any, ring: Any, width: Any) -> None:
    """Every sum from the values in the ring."""
    for i in range(lengths.shape[0]):
        at = HEAD + SUMS * i
        state[at : at + SUMS] = 0.0
        count = min(int(state[_SEEN]), lengths[i])
        for position in range(count):
            value = _ago(state, ring, width, count - 1 - position)
            _add(state, at, value, 0.0)
            if i < 2:
                high, low = product(value, value)
                _add(state, at + 2, high, low)
            if i == 1:
                high, low = product(float(position), value)
                _add(state, at + 4, high, low)
    state[_SINCE] = 0.0


@kernel("void(float64[::1], int64, int64, float64, boolean, float64)")
def _slide(state: Any, i: Any, count: Any, leaving: Any, full: Any, value: Any) -> None:
    """Move the sums of window i on by one: `count` values were in it, `leaving` goes when it is full."""
    at = HEAD + SUMS * i
    if i == 1:
        if full:  # every position falls by one
            high, low = subtracted(state[at], state[at + 1], leaving, 0.0)
            _add(state, at + 4, -high, -low)
        high, low = product(float(count - 1 if full else count), value)
        _add(state, at + 4, high, low)
    if i < 2:
        if full:
            high, low = product(leaving, leaving)
            _add(state, at + 2, -high, -low)
        high, low = product(value, value)
        _add(state, at + 2, high, low)
    if full:
        _add(state, at, -leaving, 0.0)
    _add(state, at, value, 0.0)


@kernel("float64(float64[::1], int64, int64, int64, int64, int64)")
def _extreme(state: Any, queue: Any, head: Any, window: Any, ring: Any, width: Any) -> Any:
    """Put the newest value into the queue whose start is kept at `head`; the smallest or largest of the window."""
    sign = -1.0 if head == _LOW_QUEUE else 1.0
    newest = int(state[_SEEN]) - 1
    start, size = int(state[head]), int(state[head + 1])
    value = sign * state[ring + newest % width]
    if size > 0 and state[queue + start] <= newest - window:
        start, size = (start + 1) % window, size - 1
    while size > 0:
        last = int(state[queue + (start + size - 1) % window])
        if sign * state[ring + last % width] > value:
            break
        size -= 1
    state[queue + (start + size) % window] = newest
    state[head], state[head + 1] = start, size + 1
    return state[ring + int(state[queue + start]) % width]


@kernel("UniTuple(float64, 2)(float64[::1], int64, int64)")
def _squares(state: Any, i: Any, count: Any) -> Any:
    """Sum of squared deviations from the mean of window i, as a pair; exactly 0 when all values are equal."""
    at = HEAD + SUMS * i
    high, low = multiplied(state[at], state[at + 1], state[at], state[at + 1])
    high, low = divided(high, low, float(count))
    high, low = subtracted(state[at + 2], state[at + 3], high, low)
    if high <= state[at + 2] * _NO_SPREAD:
        return 0.0, 0.0
    return high, low


@kernel("void(float64[::1], int64, float64[::1])")
def _trend(state: Any, count: Any, out: Any) -> None:
    """Slope an update, its standard error and their ratio, by least squares over the position in the window."""
    out[6:FACTS] = np.nan
    if count < 3:
        return
    at, n = HEAD + SUMS, float(count)
    positions = n * (n * n - 1.0) / 12.0  # sum of squared deviations of 0..n-1, exact below 2**17 values
    high, low = product((n - 1.0) / 2.0, state[at])
    more, less = product((n - 1.0) / 2.0, state[at + 1])
    high, low = added(high, low, more, less)
    cross, cross_low = subtracted(state[at + 4], state[at + 5], high, low)
    spread, spread_low = _squares(state, 1, count)
    high, low = multiplied(cross, cross_low, cross, cross_low)
    high, low = divided(high, low, positions)
    left, _ = subtracted(spread, spread_low, high, low)
    if left <= spread * _NO_SPREAD:
        left = 0.0
    out[6] = cross / positions if spread > 0.0 else 0.0
    out[7] = np.sqrt(left / (n - 2.0) / positions)
    if out[7] > 0.0:
        out[8] = out[6] / out[7]


@kernel("void(float64[::1], int64[::1], float64[::1], float64, float64[::1])")
def push(state: Any, lengths: Any, decays: Any, value: Any, out: Any) -> None:
    """Take one value in; `out` float64[9 + averages] gets count, mean, std, min, max, trend's count, slope, error, t.

    NaN where there is none: std below 2 values, trend below 3, t of a perfect line, simple averages until full.
    """
    averages, width = HEAD + SUMS * lengths.shape[0], 0
    for i in range(lengths.shape[0]):
        width = max(width, lengths[i])
    ring = averages + 2 * decays.shape[0]
    seen = int(state[_SEEN])
    anew = state[_SINCE] + 1.0 >= width
    for i in range(lengths.shape[0]):
        full = seen >= lengths[i]
        leaving = _ago(state, ring, width, lengths[i] - 1) if full else 0.0
        before = state[HEAD + SUMS * i + 2] if i < 2 else abs(leaving)
        _slide(state, i, min(seen, lengths[i]), leaving, full, value)
        after = state[HEAD + SUMS * i + 2] if i < 2 else abs(state[HEAD + SUMS * i])
        anew = anew or after < before * _FAR_SMALLER
    state[ring + seen % width] = value
    state[_SEEN] = seen + 1
    state[_SINCE] += 1.0
    if anew:
        _make_anew(state, lengths, ring, width)
    count = min(seen + 1, lengths[0])
    out[0], out[1] = count, (state[HEAD] + state[HEAD + 1]) / count
    squares, _ = _squares(state, 0, count)
    out[2] = np.sqrt(squares / (count - 1.0)) if count > 1 else np.nan
    queues = ring + width
    out[3] = _extreme(state, queues, _LOW_QUEUE, lengths[0], ring, width)
    out[4] = _extreme(state, queues + lengths[0], _HIGH_QUEUE, lengths[0], ring, width)
    out[5] = min(seen + 1, lengths[1])
    _trend(state, min(seen + 1, lengths[1]), out)
    for i in range(2, lengths.shape[0]):
        at = HEAD + SUMS * i
        out[FACTS + i - 2] = (state[at] + state[at + 1]) / lengths[i] if seen + 1 >= lengths[i] else np.nan
    for i in range(decays.shape[0]):
        at = averages + 2 * i
        state[at] = value + decays[i] * state[at]
        state[at + 1] = 1.0 + decays[i] * state[at + 1]
        out[FACTS + lengths.shape[0] - 2 + i] = state[at] / state[at + 1]
