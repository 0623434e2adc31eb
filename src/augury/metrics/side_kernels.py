"""Compiled sums over the gains, the losses and chosen bars of a series, in the canonical eight lanes."""

from __future__ import annotations

from math import log
from typing import Any

from augury.numerics.compile import inlined, kernel

__all__ = ["captured_growth", "longest_run_without", "sided_sums"]


@inlined
def _above(value: Any) -> Any:
    return value if value > 0.0 else 0.0


@kernel("float64(float64[::1], float64)")
def _side(x: Any, sign: Any) -> float:
    """Sum of max(sign * x, 0) in the canonical order."""
    whole = x.size - x.size % 8
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 8):
        a += _above(sign * x[i])
        b += _above(sign * x[i + 1])
        c += _above(sign * x[i + 2])
        d += _above(sign * x[i + 3])
        e += _above(sign * x[i + 4])
        f += _above(sign * x[i + 5])
        g += _above(sign * x[i + 6])
        h += _above(sign * x[i + 7])
    left = x.size - whole
    a += _above(sign * x[whole]) if left > 0 else 0.0
    b += _above(sign * x[whole + 1]) if left > 1 else 0.0
    c += _above(sign * x[whole + 2]) if left > 2 else 0.0
    d += _above(sign * x[whole + 3]) if left > 3 else 0.0
    e += _above(sign * x[whole + 4]) if left > 4 else 0.0
    f += _above(sign * x[whole + 5]) if left > 5 else 0.0
    g += _above(sign * x[whole + 6]) if left > 6 else 0.0
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@kernel("UniTuple(float64, 4)(float64[::1])")
def sided_sums(x: Any) -> tuple[float, float, float, float]:
    """Sum of what is above 0, size of the sum of what is below, and how many there are of each."""
    above, below = 0, 0
    for i in range(x.size):
        above += 1 if x[i] > 0.0 else 0
        below += 1 if x[i] < 0.0 else 0
    return _side(x, 1.0), _side(x, -1.0), float(above), float(below)


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
