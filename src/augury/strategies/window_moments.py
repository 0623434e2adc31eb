"""Distance from the mean and variance of a trailing window, without drift and without loss of digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["window_moments"]


@kernel("void(float64[::1], int64, float64[::1], float64[::1])")
def window_moments(values: Any, width: Any, distance: Any, variance: Any) -> None:
    """distance[t] = values[t] - mean and variance[t] (population) of values[t-width+1..t], from t = width-1 on.

    A window is the end of one block of `width` values and the beginning of the next; sums run about the first value of
    the later block, which lies in every such window. Nothing is ever subtracted from a sum, so old values leave no
    trace, and a window of equal values has variance 0. Earlier cells are left as they are.
    """
    n = values.shape[0]
    tail, tail_squares = np.zeros(width + 1), np.zeros(width + 1)
    for start in range(0, n, width):
        centre = values[start]
        total, squares = 0.0, 0.0
        if start > 0:
            for i in range(width - 1, 0, -1):
                off = values[start - width + i] - centre
                total += off
                squares += off * off
                tail[i] = total
                tail_squares[i] = squares
        total, squares = 0.0, 0.0
        for i in range(min(width, n - start)):
            off = values[start + i] - centre
            total += off
            squares += off * off
            if start + i >= width - 1:
                mean = (total + tail[i + 1]) / width
                spread = (squares + tail_squares[i + 1]) / width - mean * mean
                distance[start + i] = off - mean
                variance[start + i] = spread if spread > 0.0 else 0.0
