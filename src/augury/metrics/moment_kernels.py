"""Compiled sums over the returns of one curve that several measures share, each pass over them made once."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import inlined, kernel
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
    store,
    subtract,
    total,
)

__all__ = ["central_sums", "extremes", "held_sums", "lagged_products"]

_CHUNK = 2048  # bars that stay in the first cache while every lag reads them
_TOGETHER = 4  # lags that are added at once


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


@inlined
def _add_lags(centred: Any, until: Any, lag: Any, lanes: Any, at: Any) -> Any:
    """Products of centred[0:until] with themselves `lag` to `lag` + 3 bars on, added to lanes[at : at + 32]."""
    a, b, c, d = load(lanes, at), load(lanes, at + 8), load(lanes, at + 16), load(lanes, at + 24)
    for j in range(0, until, 8):
        values = load(centred, j)
        a = add(a, multiply(load(centred, j + lag), values))
        b = add(b, multiply(load(centred, j + lag + 1), values))
        c = add(c, multiply(load(centred, j + lag + 2), values))
        d = add(d, multiply(load(centred, j + lag + 3), values))
    store(lanes, at, a)
    store(lanes, at + 8, b)
    store(lanes, at + 16, c)
    store(lanes, at + 24, d)


@kernel("void(float64[::1], float64, float64[::1])")
def lagged_products(x: Any, mean: Any, out: Any) -> None:
    """Sum of (x[i + k] - mean) (x[i] - mean) over i into out[k - 1] for lags k from 1, each in the canonical order.

    0 for lags from the length of x on. Allocates the centred values of one chunk and the lanes of every lag.
    """
    n, lags = x.size, out.size
    groups = (lags + _TOGETHER - 1) // _TOGETHER
    reach = groups * _TOGETHER
    lanes, centred = np.zeros(8 * reach), np.empty(_CHUNK + reach)
    for start in range(0, n, _CHUNK):
        for j in range(min(n - start, _CHUNK + reach)):
            centred[j] = x[start + j] - mean
        for group in range(groups):
            lag = group * _TOGETHER + 1
            together = max(min(_CHUNK, n - start - lag - _TOGETHER + 1), 0) // 8 * 8
            _add_lags(centred, together, lag, lanes, 8 * (lag - 1))
            for k in range(lag, lag + _TOGETHER):
                for j in range(together, min(_CHUNK, n - start - k)):
                    lanes[8 * (k - 1) + j % 8] += centred[j + k] * centred[j]
    for k in range(lags):
        out[k] = total(load(lanes, 8 * k))
