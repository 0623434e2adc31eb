"""Compiled sums in the canonical order.

Every sum is taken in eight lanes: value i goes to lane i mod 8, in order of i, and the lanes are added in one fixed
tree. That is the canonical order of the whole product: a number computed here has the same bits wherever it is
computed, and eight independent chains let the processor add several values at once. Arrays are float64, contiguous and
finite; the callers check that. Nothing allocates.
"""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.numerics.lanes import add, first, lesser, load, multiply, rest, spread, subtract, total

__all__ = [
    "all_finite",
    "lane_sum",
    "lane_sum_centred_squares",
    "lane_sum_products",
    "lane_sum_squares",
    "lane_sum_squares_below",
    "squares_around_and_below",
]


@kernel("float64(float64[::1])")
def lane_sum(x: Any) -> float:
    """Sum of x in the canonical order; 0 when x is empty."""
    whole = x.size - x.size % 8
    added = spread(0.0)
    for i in range(0, whole, 8):
        added = add(added, load(x, i))
    return total(add(added, rest(x, whole)))


@kernel("float64(float64[::1], float64)")
def lane_sum_centred_squares(x: Any, mean: Any) -> float:
    """Sum of (x - mean)^2 in the canonical order; 0 when x is empty."""
    whole = x.size - x.size % 8
    middle, added = spread(mean), spread(0.0)
    for i in range(0, whole, 8):
        centred = subtract(load(x, i), middle)
        added = add(added, multiply(centred, centred))
    centred = first(subtract(rest(x, whole), middle), float(x.size - whole))
    return total(add(added, multiply(centred, centred)))


@kernel("float64(float64[::1])")
def lane_sum_squares(x: Any) -> float:
    """Sum of x^2 in the canonical order; 0 when x is empty."""
    return lane_sum_centred_squares(x, 0.0)


@kernel("float64(float64[::1], float64[::1])")
def lane_sum_products(x: Any, y: Any) -> float:
    """Sum of x * y, vectors of one length, in the canonical order; 0 when they are empty."""
    whole = x.size - x.size % 8
    added = spread(0.0)
    for i in range(0, whole, 8):
        added = add(added, multiply(load(x, i), load(y, i)))
    return total(add(added, multiply(rest(x, whole), rest(y, whole))))


@kernel("UniTuple(float64, 2)(float64[::1], float64, float64)")
def squares_around_and_below(x: Any, mean: Any, mar: Any) -> tuple[float, float]:
    """Sums of (x - mean)^2 and of min(x - mar, 0)^2 in one pass, in the canonical order; 0 when x is empty."""
    whole = x.size - x.size % 8
    zero, middle, least = spread(0.0), spread(mean), spread(mar)
    around, under = zero, zero
    for i in range(0, whole, 8):
        values = load(x, i)
        centred, short = subtract(values, middle), lesser(subtract(values, least), zero)
        around = add(around, multiply(centred, centred))
        under = add(under, multiply(short, short))
    values, left = rest(x, whole), float(x.size - whole)
    centred = first(subtract(values, middle), left)
    short = first(lesser(subtract(values, least), zero), left)
    return total(add(around, multiply(centred, centred))), total(add(under, multiply(short, short)))


@kernel("float64(float64[::1], float64)")
def lane_sum_squares_below(x: Any, mar: Any) -> float:
    """Sum of min(x - mar, 0)^2 in the canonical order; 0 when nothing lies below `mar`."""
    return squares_around_and_below(x, mar, mar)[1]


@kernel("boolean(float64[::1])")
def all_finite(x: Any) -> bool:
    """Whether no value is NaN or infinite: 0 times such a value is NaN, and NaN stays in its lane."""
    whole = x.size - x.size % 16
    zero = spread(0.0)
    a, b = zero, zero
    for i in range(0, whole, 16):
        a = add(a, multiply(load(x, i), zero))
        b = add(b, multiply(load(x, i + 8), zero))
    nothing = total(add(a, b))
    for i in range(whole, x.size):
        nothing += x[i] * 0.0
    return nothing == 0.0
