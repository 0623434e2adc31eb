"""Running sums of prices that are exact, so that averages of equal prices are equal and no order of summing matters."""

from __future__ import annotations

import math
from typing import Any

from augury.numerics.compile import kernel

__all__ = ["running_sums"]

_PRECISION_BITS = 34
"""Prices are rounded to 2**-34 (6e-11) of the first price's power of two; sums stay exact up to 2**19 such prices."""


@kernel("void(float64[:], float64[::1])")
def running_sums(prices: Any, out: Any) -> None:
    """out[t] = sum of prices[0..t], each rounded to a grid that depends on the first price only.

    On the grid sums up to 2**53 steps are exact: a window's sum is a difference of two entries without rounding, the
    same wherever it lies. Past that they round as any sum does.
    """
    quantum = math.ldexp(1.0, math.frexp(prices[0])[1] - 1 - _PRECISION_BITS)
    per_quantum = 1.0 / quantum
    total = 0.0
    for t in range(prices.shape[0]):
        total += math.floor(prices[t] * per_quantum + 0.5) * quantum
        out[t] = total
