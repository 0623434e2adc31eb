"""The volatility that labels are measured in: of trailing log returns, known at the bar itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.numerics.compile import kernel

__all__ = ["horizon_volatility", "trailing_volatility"]


@kernel("float64[::1](float64[::1], int64)")
def trailing_volatility(close: Any, window: Any) -> Any:
    """Population standard deviation of the last `window` log returns, about their mean, float64[n].

    Row t uses closes t - window .. t; NaN before. Every window is summed anew, so nothing drifts.
    """
    n = close.shape[0]
    out = np.full(n, np.nan)
    returns = np.zeros(n)
    for t in range(1, n):
        returns[t] = np.log(close[t] / close[t - 1])
    for t in range(window, n):
        total = 0.0
        for s in range(t - window + 1, t + 1):
            total += returns[s]
        mean = total / window
        squares = 0.0
        for s in range(t - window + 1, t + 1):
            squares += (returns[s] - mean) ** 2
        out[t] = np.sqrt(squares / window)
    return out


def horizon_volatility(close: FloatVector, volatility_bars: int, horizon_bars: int) -> FloatVector:
    """The standard deviation to expect of a log return over `horizon_bars`: the trailing one times their square root.

    float64[n], known at the close of each bar, NaN for the first `volatility_bars` bars.
    """
    found: FloatVector = trailing_volatility(np.ascontiguousarray(close), volatility_bars) * np.sqrt(horizon_bars)
    return found
