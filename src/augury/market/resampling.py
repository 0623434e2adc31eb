"""Longer bars from shorter ones, each with the moment at which it is known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput
from augury.market.bars import BarArrays, bar_arrays, bars_frame
from augury.market.rules import NO_TIME
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import instant
from augury.market.validate import validate_bars

__all__ = ["resample", "resample_arrays"]


def resample(
    bars: pd.DataFrame,
    timeframe: str | Timeframe,
    *,
    base: str | Timeframe | None = None,
    partial: bool = False,
    as_of: int | str | dt.datetime | None = None,
) -> pd.DataFrame:
    """Bars of a longer timeframe, indexed by bucket start, with a column `known_at` (datetime64[ns, UTC]).

    Open is the first, high the largest, low the smallest, close the last, volume the sum of the bars in the bucket.
    Buckets count from the epoch in UTC, weeks from Monday; a bar belongs to the bucket in which it opens. Buckets
    without bars are absent and missing bars are never filled.

    Timing: `known_at` is the end of the bucket, or the close of its last bar where that is later. The last bucket is
    absent while it is still forming, that is until the data is known up to its end: `as_of` (an instant; the close of
    the last bar when None) says how far it is known, and bars that close after it are left out. With `partial=True` the
    forming bucket is given too, with the values so far and the close of its last bar as `known_at`.

    `base` is the timeframe of `bars` (inferred when None). Raises InvalidBars for frames that are not bars and
    InvalidInput when the longer timeframe is not a whole multiple of `base`.
    """
    arrays = bar_arrays(validate_bars(bars))
    step = infer_timeframe(arrays.opened_at) if base is None else Timeframe.of(base)
    target = Timeframe.of(timeframe)
    if target.ns % step.ns:
        raise InvalidInput(f"expected a whole multiple of the bars' own timeframe {step}, got {target}")
    if as_of is not None:
        known = int(np.searchsorted(arrays.opened_at + step.ns, instant(as_of, what="as_of"), side="right"))
        arrays = BarArrays(arrays.opened_at[:known], np.ascontiguousarray(arrays.matrix[:, :known]))
    starts, matrix, known_at = resample_arrays(arrays, target, step)
    known_to = NO_TIME if len(arrays) == 0 else int(arrays.opened_at[-1]) + step.ns
    if as_of is not None:
        known_to = max(known_to, instant(as_of, what="as_of"))
    if len(starts) and int(known_at[-1]) > known_to:
        if partial:
            known_at[-1] = int(arrays.opened_at[-1]) + step.ns
        else:
            starts, matrix, known_at = starts[:-1], matrix[:, :-1], known_at[:-1]
    frame = bars_frame(starts, matrix)
    frame["known_at"] = pd.DatetimeIndex(known_at.view("datetime64[ns]"), tz="UTC")
    return frame


def resample_arrays(
    arrays: BarArrays, timeframe: Timeframe, base: Timeframe
) -> tuple[IntVector, FloatMatrix, IntVector]:
    """Bucket starts int64[m], values float64[5, m] and known-at times int64[m] of every bucket that holds bars.

    The last bucket is included whether or not it is complete; nothing is checked.
    """
    opened_at, bars = arrays.opened_at, arrays.matrix
    buckets = timeframe.bucket_starts(opened_at)
    first = np.flatnonzero(np.diff(buckets, prepend=buckets[:1] - 1))
    if first.size == 0:
        return np.empty(0, dtype=np.int64), np.empty((5, 0)), np.empty(0, dtype=np.int64)
    last = np.append(first[1:], len(buckets)) - 1
    matrix = np.empty((5, first.size))
    matrix[0] = bars[0, first]
    matrix[1] = np.maximum.reduceat(bars[1], first)
    matrix[2] = np.minimum.reduceat(bars[2], first)
    matrix[3] = bars[3, last]
    matrix[4] = np.add.reduceat(bars[4], first)
    starts = buckets[first]
    return starts, matrix, np.maximum(starts + timeframe.ns, opened_at[last] + base.ns)
