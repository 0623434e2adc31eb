"""Compiled measures of one equity curve or one series of returns: what every metric and every sweep starts from.

Sums are taken in the canonical order of `lane_kernels`, which stand here too, with the drawdowns of
`drawdown_kernels`. Arrays are float64, contiguous and finite; the callers check that.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.metrics.drawdown_kernels import drawdown_series, longest_drawdown, max_drawdown
from augury.metrics.lane_kernels import (
    all_finite,
    lane_sum,
    lane_sum_centred_squares,
    lane_sum_products,
    lane_sum_squares,
    lane_sum_squares_below,
)
from augury.numerics.compile import kernel
from augury.numerics.lanes import add, divide, load, rest, spread, store, subtract, total

__all__ = [
    "all_finite",
    "deviation_of",
    "drawdown_series",
    "lane_sum",
    "lane_sum_centred_squares",
    "lane_sum_products",
    "lane_sum_squares",
    "lane_sum_squares_below",
    "longest_drawdown",
    "max_drawdown",
    "mean_and_std",
    "ratio",
    "returns_of",
    "returns_with_sum",
]


@kernel("float64(float64, float64)")
def ratio(above: Any, below: Any) -> float:
    """above / below, NaN where below is 0 or either is NaN: an undefined measure, never an infinity."""
    return above / below if below != 0.0 else np.nan


@kernel("float64(float64, float64, int64)")
def deviation_of(squares: Any, mean: Any, n: Any) -> float:
    """Sample standard deviation (ddof 1) from the sum of squares centred on the mean; NaN for fewer than two values.

    A spread that rounding alone explains (below 1e-15, or 1e-12 of the mean) is exactly 0: a return is a ratio less
    one, so it carries an error of about 1e-16.
    """
    if n < 2:
        return np.nan
    rounding = 1e-15 + 1e-12 * abs(mean)
    return sqrt(squares / (n - 1)) if squares > n * rounding * rounding else 0.0


@kernel("UniTuple(float64, 2)(float64[::1])")
def mean_and_std(x: Any) -> tuple[float, float]:
    """Arithmetic mean and sample standard deviation (ddof 1), from squares centred on the mean; see `deviation_of`.

    NaN for the mean of no values and for the deviation of fewer than two.
    """
    n = x.size
    if n == 0:
        return np.nan, np.nan
    mean = lane_sum(x) / n
    return mean, deviation_of(lane_sum_centred_squares(x, mean), mean, n)


@kernel("float64(float64, float64[::1], float64[::1])")
def returns_with_sum(initial: Any, equity: Any, out: Any) -> float:
    """Simple returns into `out`: equity[0]/initial - 1, then equity[t]/equity[t-1] - 1; gives their `lane_sum`."""
    n = equity.size
    if n == 0:
        return 0.0
    whole, one = n - n % 8, spread(1.0)
    out[0] = equity[0] / initial - 1.0
    for i in range(1, min(n, 8)):
        out[i] = equity[i] / equity[i - 1] - 1.0
    added = load(out, 0) if n >= 8 else spread(0.0)
    for i in range(8, whole, 8):
        values = subtract(divide(load(equity, i), load(equity, i - 1)), one)
        store(out, i, values)
        added = add(added, values)
    for i in range(max(whole, 8), n):
        out[i] = equity[i] / equity[i - 1] - 1.0
    return total(add(added, rest(out, whole)))


@kernel("void(float64, float64[::1], float64[::1])")
def returns_of(initial: Any, equity: Any, out: Any) -> None:
    """Simple returns into `out`: equity[0]/initial - 1, then equity[t]/equity[t-1] - 1."""
    returns_with_sum(initial, equity, out)
