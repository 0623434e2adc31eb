"""What subjects return, as frames indexed by the time each row is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import InvalidInput
from augury.features.feature import Feature
from augury.market.bars import bar_arrays

__all__ = ["bar_interval", "feature_frame", "frame_per_bar", "known_frame", "open_times"]


def open_times(bars: pd.DataFrame) -> IntVector:
    """Open times int64[n], ns since the epoch, UTC."""
    opens: IntVector = bars.index.as_unit("ns").asi8  # type: ignore[attr-defined]
    return opens


def bar_interval(bars: pd.DataFrame) -> int:
    """The length of one bar in ns: the smallest distance of two opens. Raises InvalidInput below two bars."""
    if not isinstance(bars.index, pd.DatetimeIndex) or len(bars) < 2:
        raise InvalidInput(f"expected at least two bars indexed by open time; got {len(bars)} rows")
    return int(np.diff(open_times(bars)).min())


def feature_frame(feature: Feature, bars: pd.DataFrame) -> pd.DataFrame:
    """The batch values of a feature, one row a bar, indexed by open time."""
    arrays = bar_arrays(bars)
    values = feature.batch(arrays.opened_at, arrays.matrix)
    return pd.DataFrame(values.T, index=bars.index, columns=list(feature.columns))


def frame_per_bar(output: Any, index: pd.Index[Any]) -> pd.DataFrame:
    """Whatever a function of bars returns, as one row a bar (or rows with a time index of their own).

    InvalidInput for anything else, for no column at all, and for complex numbers.
    """
    frame = _as_frame(output, index)
    if not len(frame.columns):
        raise InvalidInput("expected one column or more for the bars, got a frame without any")
    for name, kind in frame.dtypes.items():
        if getattr(kind, "kind", "") == "c":
            raise InvalidInput(f"expected real numbers, got complex ones in column {name!r:.80}")
    return frame


def _as_frame(output: Any, index: pd.Index[Any]) -> pd.DataFrame:
    if isinstance(output, pd.Series):
        output = output.to_frame("value" if output.name is None else output.name)
    if isinstance(output, Mapping):
        output = pd.DataFrame(dict(output))
    if isinstance(output, pd.DataFrame):
        own = output.index.get_level_values(0) if isinstance(output.index, pd.MultiIndex) else output.index
        if isinstance(own, pd.DatetimeIndex):
            return output
        values: Any = output.reset_index(drop=True)
    else:
        array = np.asarray(output)
        if array.ndim not in (1, 2):
            raise InvalidInput(f"expected one row for each of {len(index)} bars, got {type(output).__name__}")
        if array.ndim == 2 and array.shape[0] != len(index) and array.shape[1] == len(index):
            array = array.T
        values = pd.DataFrame(array)
        values.columns = ["value"] if values.shape[1] == 1 else [f"column {n}" for n in range(values.shape[1])]
    if len(values) != len(index):
        raise InvalidInput(
            f"expected one row for each of {len(index)} bars, or an index of times; got {len(values)} rows"
        )
    return values.set_index(index)  # type: ignore[no-any-return]


def known_frame(frame: pd.DataFrame, interval: int) -> pd.DataFrame:
    """The frame of open times re-indexed by closes, when its values are known."""
    shift = np.timedelta64(interval, "ns")
    if isinstance(frame.index, pd.MultiIndex):
        levels = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
        closes = pd.DatetimeIndex(levels[0]) + shift
        return frame.set_axis(pd.MultiIndex.from_arrays([closes, *levels[1:]], names=frame.index.names))
    return frame.set_axis(pd.DatetimeIndex(frame.index) + shift)
