"""Compiled sums over the gains, the losses and chosen bars of a series, in the canonical eight lanes."""

from __future__ import annotations

from math import log
from typing import Any

from augury.numerics.compile import kernel
from augury.numerics.lanes import add, below, greater, load, rest, spread, subtract, total

__all__ = ["captured_growth", "longest_run_without", "sided_sums"]


@kernel("UniTuple(float64, 4)(float64[::1])")
def sided_sums(x: Any) -> tuple[float, float, float, float]:
    """Sum of what is above 0, size of the sum of what is below, and how many there are of each."""
    whole, zero = x.size - x.size % 8, spread(0.0)
    gained, lost, above, under = zero, zero, zero, zero
    for i in range(0, x.size, 8):
        values = load(x, i) if i < whole else rest(x, whole)
        gained = add(gained, greater(values, zero))
        lost = add(lost, greater(subtract(zero, values), zero))
        above = add(above, below(zero, values))
        under = add(under, below(values, zero))
    return total(gained), total(lost), total(above), total(under)


@kernel("UniTuple(float64, 3)(float64[::1], float64[::1], float64)")
def captured_growth(x: Any, b: Any, sign: Any) -> tuple[float, float, float]:
    """Over bars with sign * b > 0 (all bars when sign is 0): sums of log(1 + x) and of log(1 + b), and their number.

    The products of each lane are formed first, so that there are eight logarithms a series; a return of -1 or less
    gives NaN or minus infinity.
    """
    own, other, count = 0.0, 0.0, 0
    for lane in range(8):
        grown, against = 1.0, 1.0
        for i in range(lane, x.size, 8):
            if sign == 0.0 or sign * b[i] > 0.0:
                grown *= 1.0 + x[i]
                against *= 1.0 + b[i]
                count += 1
                if not 1e-150 < grown < 1e150 or not 1e-150 < against < 1e150:
                    own += log(grown)
                    other += log(against)
                    grown, against = 1.0, 1.0
        own += log(grown)
        other += log(against)
    return own, other, float(count)


@kernel("int64(float64[::1])")
def longest_run_without(x: Any) -> int:
    """Longest run of values that are not above 0."""
    longest, run = 0, 0
    for i in range(x.size):
        run = 0 if x[i] > 0.0 else run + 1
        longest = max(longest, run)
    return longest
