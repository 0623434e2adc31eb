"""Small kernels of the signal engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["volatility", "volatility_path"]


@kernel("float64(float64[::1])")
def volatility(closes: Any) -> Any:
    """Sample standard deviation of log returns over `closes` float64[n], two passes; NaN for n < 3."""
    n = closes.shape[0] - 1
    if n < 2:
        return np.nan
    mean = math.log(closes[n] / closes[0]) / n
    total = 0.0
    for i in range(n):
        deviation = math.log(closes[i + 1] / closes[i]) - mean
        total += deviation * deviation
    return math.sqrt(total / (n - 1))


@kernel("void(float64[::1], int64, float64[::1])")
def volatility_path(closes: Any, bars: Any, out: Any) -> None:
    """`volatility` over the last `bars` returns at every bar; NaN while there are fewer."""
    for t in range(closes.shape[0]):
        out[t] = volatility(closes[t - bars : t + 1]) if t >= bars else np.nan
