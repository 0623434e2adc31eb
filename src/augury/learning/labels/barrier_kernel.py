"""Which barrier a path touches first."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["first_touches"]

_OPEN, _HIGH, _LOW = 0, 1, 2


@kernel("void(float64[:, ::1], float64[:, ::1], int64, float64[::1], int64[::1])")
def first_touches(bars: Any, barriers: Any, horizon: Any, touched: Any, end: Any) -> None:
    """Write into `touched` float64[n] 1 (upper), -1 (lower), 0 (neither) or NaN (unknown), into `end` int64[n] where.

    `barriers` float64[2, n] are the upper and lower price of each bar's label, NaN where there is none. Bars
    t + 1 .. t + horizon count. A bar that opens beyond a barrier touched that one; of two touched later within one bar
    the lower counts. `end` is the bar of the touch, else t + horizon, else -1.
    """
    n = bars.shape[1]
    for t in range(n):
        upper, lower = barriers[0, t], barriers[1, t]
        touched[t] = np.nan
        end[t] = -1
        if np.isnan(upper) or np.isnan(lower):
            continue
        for s in range(t + 1, min(t + horizon, n - 1) + 1):
            side = 0.0
            if bars[_OPEN, s] >= upper:
                side = 1.0
            elif bars[_LOW, s] <= lower:  # an open below the lower barrier included
                side = -1.0
            elif bars[_HIGH, s] >= upper:
                side = 1.0
            if side != 0.0:
                touched[t] = side
                end[t] = s
                break
        if end[t] < 0 and t + horizon < n:
            touched[t] = 0.0
            end[t] = t + horizon
