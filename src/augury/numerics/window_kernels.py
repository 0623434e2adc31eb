"""Windows of several series in a state vector, each kept in one piece, and sums over them.

A window of `width` values takes 2 `width` cells: every value is written twice, `width` apart, so that the newest
`width` values always lie side by side, oldest first. Sums start from nothing at every bar, in eight lanes by age, so
they depend on the window alone: no drift, and a stream that began later gives the same bits.
"""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.numerics.lanes import LANES, add, load, multiply, spread, subtract, total

__all__ = ["window_moments", "window_put"]

_MOST = 0.9  # of a mean square, what the square of the mean may take


@kernel("void(float64[::1], int64, int64, int64, float64)")
def window_put(state: Any, at: Any, width: Any, place: Any, value: Any) -> None:
    """Write `value` at `place` (0..width - 1, taken in turn); the window is then state[at + place + 1:][:width]."""
    state[at + place] = value
    state[at + place + width] = value


@kernel("float64(float64[::1], int64, int64, float64)")
def _mean_square_about(values: Any, first: Any, width: Any, centre: Any) -> Any:
    whole = width - width % LANES
    squares, centres = spread(0.0), spread(centre)
    for i in range(0, whole, LANES):
        off = subtract(load(values, first + i), centres)
        squares = add(squares, multiply(off, off))
    square = total(squares)
    for i in range(first + whole, first + width):
        square += (values[i] - centre) * (values[i] - centre)
    return square / width


@kernel("UniTuple(float64, 3)(float64[::1], int64, int64, float64)")
def window_moments(values: Any, first: Any, width: Any, pivot: Any) -> Any:
    """Mean less `pivot`, mean square about `pivot`, and variance of values[first : first + width].

    All are exactly 0 where every value is the pivot, and NaN where one of them is. The variance comes from the same
    pass, and from a second one about the mean where the difference would lose more than a digit.
    """
    sums, squares, pivots = spread(0.0), spread(0.0), spread(pivot)
    whole = width - width % LANES
    for i in range(0, whole, LANES):
        off = subtract(load(values, first + i), pivots)
        sums = add(sums, off)
        squares = add(squares, multiply(off, off))
    mean, square = total(sums), total(squares)
    for i in range(first + whole, first + width):
        mean += values[i] - pivot
        square += (values[i] - pivot) * (values[i] - pivot)
    mean /= width
    square /= width
    if mean * mean > _MOST * square:
        return mean, square, _mean_square_about(values, first, width, pivot + mean)
    return mean, square, square - mean * mean
