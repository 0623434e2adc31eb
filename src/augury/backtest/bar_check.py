"""The rules of bars in one compiled pass, for callers that run many instruments; the messages stay with the market."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from augury.backtest.subject import KnownBars
from augury.market.bars import BarArrays
from augury.market.rules import NO_TIME
from augury.numerics.compile import kernel

__all__ = ["keeps_rules", "known_bars"]


@kernel(types.boolean(types.int64[:], types.float64[:, ::1]))
def keeps_rules(opened_at: Any, bars: Any) -> Any:
    """Whether times int64[n] increase and every column of float64[5, n] keeps `market.rules.BAR_RULES`.

    As `times_increase` and `bars_keep_rules`, which it is tested against; NaN breaks a rule.
    """
    n = bars.shape[1]
    opens, highs, lows, closes, volumes = bars[0], bars[1], bars[2], bars[3], bars[4]
    kept = 0
    for t in range(n):
        low, high = lows[t], highs[t]
        inside = (low > 0.0) & (low <= opens[t]) & (low <= closes[t]) & (high >= opens[t]) & (high >= closes[t])
        kept += 1 if inside & (high < np.inf) & (volumes[t] >= 0.0) & (volumes[t] < np.inf) else 0
    later = 0
    for t in range(1, n):
        later += 1 if opened_at[t] > opened_at[t - 1] else 0
    return kept == n and (n == 0 or (later == n - 1 and opened_at[0] != NO_TIME))


def known_bars(bars: Any) -> Any:
    """Arrays that keep the rules as `KnownBars`; all else as it is, for `arrays_of` to read or to refuse in words."""
    if not isinstance(bars, BarArrays) or not _as_declared(bars) or not keeps_rules(bars.opened_at, bars.matrix):
        return bars
    return KnownBars(bars.opened_at, bars.matrix)


def _as_declared(bars: BarArrays) -> bool:
    """Whether these are the arrays that a kernel can take: int64[n] times and a C-contiguous float64[5, n] matrix."""
    times, matrix = bars.opened_at, bars.matrix
    typed = times.dtype == np.int64 and matrix.dtype == np.float64
    shaped = matrix.ndim == 2 and matrix.shape[0] == 5 and times.shape == matrix.shape[1:]
    return bool(typed and shaped and matrix.flags.c_contiguous and matrix.flags.writeable and times.flags.writeable)
