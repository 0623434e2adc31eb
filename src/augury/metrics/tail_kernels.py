"""Compiled selection and sorting for the tails of a distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["outer_values", "sort_values"]

_BITS = 11  # a pass of the radix sort
_DIGITS = 6  # of 64 bits


@kernel("UniTuple(int64, 3)(float64[::1], float64, float64, float64, float64[::1])")
def outer_values(x: Any, low: Any, high: Any, top: Any, out: Any) -> tuple[int, int, int]:
    """Values at or below `low` to the start of `out`, those from `high` to `top` after them, in their order.

    Gives how many there are of each, and how many lie above `top`; (-1, -1, -1) when `out` has no room. low < high.
    """
    found = 0
    for start in range(0, x.size, 256):
        stop = min(start + 256, x.size)
        if found + 2 * (stop - start) >= out.size:
            return -1, -1, -1
        for i in range(start, stop):
            out[found] = x[i]
            found += 1 if (x[i] <= low) | (x[i] >= high) else 0
    under, over, above = 0, 0, 0
    between = np.empty(found + 1)
    for i in range(found):
        value = out[i]
        out[under] = value
        between[over] = value
        under += 1 if value <= low else 0
        over += 1 if (value >= high) & (value <= top) else 0
        above += 1 if value > top else 0
    out[under : under + over] = between[:over]
    return under, over, above


@kernel("void(int64[::1])")
def sort_values(keys: Any) -> None:
    """Sort finite values in place, ascending (-0 before 0), by their bits, 11 at a time. Allocates as much again.

    `keys` is the float64 array's own memory, `x.view(np.int64)`: taken inside, the view would compile for seconds.
    """
    n, size = keys.size, 1 << _BITS
    if n == 0:
        return
    other = np.empty(n, dtype=np.int64)
    counts = np.zeros((_DIGITS, size), dtype=np.int64)
    for i in range(n):  # the bits of negative numbers ascend with their size: turn all but the sign
        key = keys[i] ^ ((keys[i] >> 63) & 0x7FFFFFFFFFFFFFFF)
        keys[i] = key
        for digit in range(_DIGITS):
            counts[digit, (key >> (digit * _BITS)) & (size - 1)] += 1
    source, target = keys, other
    for digit in range(_DIGITS):
        shift, flip = digit * _BITS, (size >> 1) if digit == _DIGITS - 1 else 0
        if counts[digit, (source[0] >> shift) & (size - 1)] == n:
            continue
        place = 0
        for value in range(size):
            count = counts[digit, value ^ flip]
            counts[digit, value ^ flip] = place
            place += count
        for i in range(n):
            at = (source[i] >> shift) & (size - 1)
            target[counts[digit, at]] = source[i]
            counts[digit, at] += 1
        source, target = target, source
    for i in range(n):
        keys[i] = source[i] ^ ((source[i] >> 63) & 0x7FFFFFFFFFFFFFFF)
