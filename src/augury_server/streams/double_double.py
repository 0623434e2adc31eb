"""Sums of twice the digits of a float64: pairs (high, low) whose sum is the value, about 32 decimal digits.

Running sums that lose a value for each that they gain drift in float64; kept as such pairs they do not for any number
of updates that a session will see. Error-free sums: Knuth (1997), section 4.2.2; products: Dekker (1971), section 5.
"""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel

__all__ = ["added", "divided", "multiplied", "product", "subtracted"]

_PAIR = "UniTuple(float64, 2)"
_SPLITTER = 134217729.0  # 2**27 + 1


@kernel(f"{_PAIR}(float64, float64)")
def _sum(a: Any, b: Any) -> Any:
    total = a + b
    rest = total - a
    return total, (a - (total - rest)) + (b - rest)


@kernel(f"{_PAIR}(float64, float64)")
def product(a: Any, b: Any) -> Any:
    """a * b without rounding, for |a|, |b| below 1e150."""
    scaled = _SPLITTER * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = _SPLITTER * b
    b_high = scaled - (scaled - b)
    b_low = b - b_high
    total = a * b
    return total, ((a_high * b_high - total) + a_high * b_low + a_low * b_high) + a_low * b_low


@kernel(f"{_PAIR}(float64, float64, float64, float64)")
def added(a: Any, a_low: Any, b: Any, b_low: Any) -> Any:
    """The sum of two pairs."""
    total, rest = _sum(a, b)
    low, low_rest = _sum(a_low, b_low)
    total, rest = _sum(total, rest + low)
    return _sum(total, rest + low_rest)


@kernel(f"{_PAIR}(float64, float64, float64, float64)")
def subtracted(a: Any, a_low: Any, b: Any, b_low: Any) -> Any:
    """The difference of two pairs."""
    return added(a, a_low, -b, -b_low)


@kernel(f"{_PAIR}(float64, float64, float64, float64)")
def multiplied(a: Any, a_low: Any, b: Any, b_low: Any) -> Any:
    """The product of two pairs."""
    total, rest = product(a, b)
    return _sum(total, rest + (a * b_low + a_low * b))


@kernel(f"{_PAIR}(float64, float64, float64)")
def divided(a: Any, a_low: Any, divisor: Any) -> Any:
    """A pair over a number."""
    first = a / divisor
    back, rest = product(first, divisor)
    return _sum(first, ((a - back) - rest + a_low) / divisor)
