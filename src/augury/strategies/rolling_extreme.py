"""The highest or lowest value of a trailing window, in constant time a bar whatever the window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["rolling_extreme"]


@kernel("void(float64[::1], int64, float64, float64[::1])")
def rolling_extreme(values: Any, width: Any, side: Any, out: Any) -> None:
    """out[t] = the highest (`side` 1) or lowest (-1) of values[t-width+1..t], from t = width-1 on; exact.

    The series is cut into blocks of `width`: a window is the end of one block and the beginning of the next, so two
    running extremes are enough (van Herk 1992; Gil and Werman 1993). Earlier cells of `out` are left as they are.
    """
    n = values.shape[0]
    tail = np.empty(width + 1)
    tail[width] = -math.inf
    for start in range(0, n, width):
        if start > 0:
            top = -math.inf
            for i in range(width - 1, 0, -1):
                value = side * values[start - width + i]
                top = value if value > top else top
                tail[i] = top
        top = -math.inf
        for i in range(min(width, n - start)):
            value = side * values[start + i]
            top = value if value > top else top
            if start + i >= width - 1:
                before = tail[i + 1]
                out[start + i] = side * (top if top > before else before)
