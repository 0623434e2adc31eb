"""Rings inside a state vector: the last `width` values of a stream, and order-exact statistics over them.

A ring occupies `HEADER + width` consecutive cells starting at `at`: the next write position, the number of values ever
pushed, then the values. A state of zeros holds empty rings. Every statistic reads the values from oldest to newest
and starts from nothing, so it depends on the window alone: no drift, nothing to refresh, and a stream that began later
gives the same bits once the window is full. The cost is O(width) a bar, about a nanosecond a value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = [
    "HEADER",
    "ring_full",
    "ring_get",
    "ring_max",
    "ring_mean",
    "ring_median",
    "ring_min",
    "ring_push",
    "select_kth",
]

HEADER = 2  # cells before a ring's values: next write position, values ever pushed


@kernel("void(float64[::1], int64, int64, float64)")
def ring_push(state: Any, at: Any, width: Any, value: Any) -> None:
    """Write `value` over the oldest one."""
    head = int(state[at])
    state[at + HEADER + head] = value
    head += 1
    state[at] = 0 if head == width else head
    state[at + 1] += 1


@kernel("boolean(float64[::1], int64, int64)")
def ring_full(state: Any, at: Any, width: Any) -> Any:
    """Whether `width` values have been pushed."""
    return state[at + 1] >= width


@kernel("float64(float64[::1], int64, int64, int64)")
def ring_get(state: Any, at: Any, width: Any, ago: Any) -> Any:
    """The value pushed `ago` pushes back, 1 being the newest; NaN when fewer were pushed."""
    if ago > width or state[at + 1] < ago:
        return np.nan
    index = int(state[at]) - ago
    if index < 0:
        index += width
    return state[at + HEADER + index]


@kernel("float64(float64[::1], int64, int64)")
def ring_mean(state: Any, at: Any, width: Any) -> Any:
    """The mean of a full ring, in four partial sums dealt out from oldest to newest; NaN until it is full.

    One sum would wait for itself at every value; which value goes to which sum depends on its age alone.
    """
    if state[at + 1] < width:
        return np.nan
    first = at + HEADER
    i = first + int(state[at])
    end = first + width
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    left = width
    while left >= 4:
        if i + 4 <= end:
            a += state[i]
            b += state[i + 1]
            c += state[i + 2]
            d += state[i + 3]
        else:
            a += state[i if i < end else i - width]
            b += state[i + 1 if i + 1 < end else i + 1 - width]
            c += state[i + 2 if i + 2 < end else i + 2 - width]
            d += state[i + 3 if i + 3 < end else i + 3 - width]
        i += 4
        if i >= end:
            i -= width
        left -= 4
    for _ in range(left):
        a += state[i]
        i = first if i + 1 == end else i + 1
    return ((a + b) + (c + d)) / width


@kernel("float64(float64[::1], int64, int64, int64)")
def ring_max(state: Any, at: Any, width: Any, last: Any) -> Any:
    """The largest of the newest `last` values; NaN when fewer were pushed, minus infinity for none of them."""
    if last > width or state[at + 1] < last:
        return np.nan
    index = int(state[at])
    largest = -np.inf
    for _ in range(last):
        index = width - 1 if index == 0 else index - 1
        largest = max(largest, state[at + HEADER + index])
    return largest


@kernel("float64(float64[::1], int64, int64, int64)")
def ring_min(state: Any, at: Any, width: Any, last: Any) -> Any:
    """The smallest of the newest `last` values; NaN when fewer were pushed, infinity for none of them."""
    if last > width or state[at + 1] < last:
        return np.nan
    index = int(state[at])
    smallest = np.inf
    for _ in range(last):
        index = width - 1 if index == 0 else index - 1
        smallest = min(smallest, state[at + HEADER + index])
    return smallest


@kernel("float64(float64[::1], int64, int64, int64)")
def select_kth(values: Any, at: Any, count: Any, k: Any) -> Any:
    """The k-th smallest (from 0) of values[at : at + count], which are reordered (Hoare's quickselect).

    Afterwards no value before position k is larger and none behind it is smaller. NaN must not occur.
    """
    low = at
    high = at + count - 1
    target = at + k
    while low < high:
        pivot = values[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                swap = values[i]
                values[i] = values[j]
                values[j] = swap
                i += 1
                j -= 1
        if target <= j:
            high = j
        elif target >= i:
            low = i
        else:
            break
    return values[target]


@kernel("float64(float64[::1], int64, int64, int64)")
def ring_median(state: Any, at: Any, width: Any, scratch: Any) -> Any:
    """The median of a full ring (mean of the middle two for an even width); NaN until it is full.

    `scratch` is the first of `width` cells of the same state that may be overwritten. NaN must not occur in the ring.
    """
    if state[at + 1] < width:
        return np.nan
    for i in range(width):
        state[scratch + i] = state[at + HEADER + i]
    middle = width // 2
    upper = select_kth(state, scratch, width, middle)
    if width % 2 == 1:
        return upper
    lower = state[scratch]
    for i in range(1, middle):
        lower = max(lower, state[scratch + i])
    return 0.5 * (lower + upper)
