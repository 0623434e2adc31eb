"""Compiled sums over the returns of one curve that several measures share, each pass over them made once."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.numerics.lanes import (
    add,
    below,
    first,
    greater,
    greatest,
    least,
    lesser,
    load,
    multiply,
    rest,
    spread,
    subtract,
    total,
)

__all__ = ["central_sums", "extremes", "held_sums"]


@kernel("UniTuple(float64, 3)(float64[::1], float64)")
def central_sums(x: Any, mean: Any) -> tuple[float, float, float]:
    """Sums of c^2, c^2 c and c^2 c^2 where c = x - mean, in the canonical order; 0 when x is empty."""
    whole, middle = x.size - x.size % 8, spread(mean)
    second, third, fourth = spread(0.0), spread(0.0), spread(0.0)
    for i in range(0, x.size, 8):
        centred = subtract(load(x, i) if i < whole else rest(x, whole), middle)
        if i == whole:
            centred = first(centred, float(x.size - whole))
        squared = multiply(centred, centred)
        second = add(second, squared)
        third = add(third, multiply(squared, centred))
        fourth = add(fourth, multiply(squared, squared))
    return total(second), total(third), total(fourth)


@kernel("UniTuple(float64, 2)(float64[::1])")
def extremes(x: Any) -> tuple[float, float]:
    """Least and greatest value; NaN when x is empty."""
    if x.size == 0:
        return np.nan, np.nan
    whole = x.size - x.size % 16
    low, high = spread(x[0]), spread(x[0])
    for i in range(0, whole, 16):
        a, b = load(x, i), load(x, i + 8)
        low, high = lesser(lesser(a, b), low), greater(greater(a, b), high)
    lowest, highest = least(low), greatest(high)
    for i in range(whole, x.size):
        lowest = x[i] if x[i] < lowest else lowest
        highest = x[i] if x[i] > highest else highest
    return lowest, highest


@kernel("UniTuple(float64, 2)(float64[::1])")
def held_sums(x: Any) -> tuple[float, float]:
    """How many values are not 0, and the sum of all in the canonical order."""
    whole, zero = x.size - x.size % 8, spread(0.0)
    held, added = zero, zero
    for i in range(0, x.size, 8):
        values = load(x, i) if i < whole else rest(x, whole)
        held = add(held, add(below(zero, values), below(values, zero)))
        added = add(added, values)
    return total(held), total(added)
