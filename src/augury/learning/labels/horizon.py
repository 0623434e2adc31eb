"""What labels with a fixed horizon share: their ends and the returns to them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.learning.labels.label import Labels
from augury.market.bars import BarArrays

__all__ = ["Entry", "known_labels", "simple_forward_return"]

Entry: TypeAlias = Literal["close", "next_open"]

_OPEN, _CLOSE = 0, 3


def simple_forward_return(bars: BarArrays, horizon_bars: int, entry: Entry = "close") -> FloatVector:
    """The simple return from the close of bar t, or the open of bar t + 1, to the close of bar t + horizon_bars.

    float64[n], NaN for the last `horizon_bars` bars.
    """
    n = len(bars)
    out = np.full(n, np.nan)
    kept = max(n - horizon_bars, 0)
    close = bars.matrix[_CLOSE]
    paid = close[:kept] if entry == "close" else bars.matrix[_OPEN, 1 : kept + 1]
    out[:kept] = close[n - kept :] / paid - 1.0
    return out


def known_labels(values: FloatVector, horizon_bars: int) -> Labels:
    """Labels that end `horizon_bars` after their bar wherever `values` float64[n] are known."""
    known: BoolVector = ~np.isnan(values)
    ends: IntVector = np.where(known, np.arange(values.size) + horizon_bars, -1)
    return Labels(values=values, end=ends)
