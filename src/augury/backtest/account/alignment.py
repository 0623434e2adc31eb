"""Arrays and series that go with bars: one value a bar, at the same times, or a refusal that says where they part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.market.times import iso

__all__ = ["aligned_values"]


def aligned_values(values: Any, what: str, bars: BarArrays) -> NDArray[Any]:
    """`values` as an array with one entry a bar; a series must have the bars' own times as its index.

    Nothing is shifted, filled or cut: InvalidInput names the first difference. A series without a time index is taken
    by position.
    """
    if isinstance(values, pd.DataFrame):
        raise InvalidInput(f"{what} should be one column, got a frame with columns {list(values.columns)[:5]}")
    array = np.asarray(values.array if isinstance(values, pd.Series) else values)
    if array.shape != (len(bars),):
        raise InvalidInput(f"{what} should have one value a bar, {len(bars)} in all; got shape {array.shape}")
    if isinstance(values, pd.Series) and isinstance(values.index, pd.DatetimeIndex):
        _same_times(values.index, what, bars)
    return array


def _same_times(index: pd.DatetimeIndex, what: str, bars: BarArrays) -> None:
    if index.tz is None:
        raise InvalidInput(f"{what} has times without a zone, the bars have UTC; use the bars' own index")
    times = index.as_unit("ns").asi8
    if np.array_equal(times, bars.opened_at):
        return
    row = int(np.argmax(times != bars.opened_at))
    raise InvalidInput(
        f"{what} should be indexed by the bars' times; at row {row} the bars have {iso(int(bars.opened_at[row]))} and "
        f"{what} has {iso(int(times[row]))}: reindex it before, deciding what holds where it has no value"
    )
