"""The rules of bars in one compiled pass, for callers that run many instruments; the messages stay with the market."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from augury.market.rules import NO_TIME
from augury.numerics.compile import kernel

__all__ = ["keeps_rules"]


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
