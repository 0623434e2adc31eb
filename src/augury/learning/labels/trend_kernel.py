"""The strongest trend among windows that begin at a bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["LARGEST_T_VALUE", "strongest_trends"]

LARGEST_T_VALUE = 100.0
_EXACT = 1e-13  # of the sum of squares: what is left then is rounding


@kernel("float64[::1](float64[::1], int64, int64)")
def strongest_trends(close: Any, shortest: Any, longest: Any) -> Any:
    """The t-value, largest in size, of the slope of log closes t .. t + L on time, L = shortest .. longest.

    float64[n], cut to +-100, 0 for closes that do not move, NaN for the last `longest` bars. Of equal sizes the
    shorter window counts. Moments are centred and updated one close at a time (Welford).
    """
    n = close.shape[0]
    out = np.full(n, np.nan)
    for t in range(n - longest):
        best = 0.0
        mean_x, mean_y, sxx, sxy, syy = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(longest + 1):
            y = np.log(close[t + i] / close[t])
            dx, dy = i - mean_x, y - mean_y
            mean_x += dx / (i + 1)
            mean_y += dy / (i + 1)
            sxx += dx * (i - mean_x)
            sxy += dx * (y - mean_y)
            syy += dy * (y - mean_y)
            if i >= shortest and syy > 0.0:
                left = syy - sxy * sxy / sxx
                value = sxy / np.sqrt(left * sxx / (i - 1)) if left > _EXACT * syy else sxy * np.inf
                if abs(value) > abs(best):
                    best = value
        out[t] = min(max(best, -LARGEST_T_VALUE), LARGEST_T_VALUE)
    return out
