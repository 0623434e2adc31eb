"""The autocorrelation sums of a long curve, every lag in one pass; short curves take `lane_sum_products` a lag."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import inlined, kernel
from augury.numerics.lanes import add, load, multiply, store, total

__all__ = ["lagged_products"]

_CHUNK = 2048  # bars that stay in the first cache while every lag reads them
_TOGETHER = 4  # lags that are added at once


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
