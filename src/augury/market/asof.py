"""The only join: at every moment, what was known by then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import InvalidInput
from augury.market.bars import time_index
from augury.market.rules import NO_TIME
from augury.market.times import parse_times

__all__ = ["asof_join", "asof_positions"]


def asof_positions(times: IntVector, known_at: IntVector, event_at: IntVector | None = None) -> IntVector:
    """For each time, the position of the record to use, int64[n]; -1 where nothing was known yet.

    A record is visible from its `known_at` on: known_at <= time. Among visible records the one known last is used, and
    of several known at the same moment the last in order of position. With `event_at`, the visible record about the
    latest event is used instead (ties: known last, then position), so that a late record about the past does not
    displace a newer one. `known_at` needs no order; `times` neither.
    """
    order = np.argsort(known_at, kind="stable")
    seen = np.searchsorted(known_at[order], times, side="right") - 1
    chosen = np.arange(len(order), dtype=np.int64)
    if event_at is not None and len(order):
        events = event_at[order]
        newest = events >= np.maximum.accumulate(events)
        chosen = np.maximum.accumulate(np.where(newest, chosen, 0))
    if len(order) == 0:
        return np.full(len(times), -1, dtype=np.int64)
    return np.where(seen >= 0, order[chosen[np.maximum(seen, 0)]], -1).astype(np.int64)


def asof_join(times: Any, records: pd.DataFrame, *, event_at: str | None = None) -> pd.DataFrame:
    """The records' columns as known at each of `times`, one row a time, indexed by these times (UTC).

    `records` has a column `known_at` (times with a zone). Only records with known_at <= time are visible; of those
    the one known last is used, and at equal `known_at` the last in row order. With `event_at` naming a time column,
    the visible record about the latest event is used, so that late corrections of old records do not hide newer ones.
    A record changes nothing before it was known. Cells are missing (NaN, NaT) where nothing was known yet.

    `times` are zone-aware times or int64 ns UTC, in any order. Raises InvalidInput for naive or missing times and for a
    frame without `known_at`.

    >>> import pandas as pd
    >>> known_at = pd.to_datetime(["2024-01-02T10:00Z", "2024-01-02T12:00Z"])
    >>> facts = pd.DataFrame({"known_at": known_at, "value": [1.0, 2.0]})
    >>> asof_join(pd.to_datetime(["2024-01-02T09:59Z", "2024-01-02T12:00Z"]), facts)["value"].tolist()
    [nan, 2.0]
    """
    for name in ("known_at", event_at):
        if name is not None and name not in records.columns:
            raise InvalidInput(f"expected a column {name!r}, got {', '.join(map(str, records.columns)) or 'none'}")
    left = _instants(times, "times")
    known = _instants(records["known_at"], "known_at")
    events = None if event_at is None else _instants(records[event_at], event_at)
    rows = asof_positions(left, known, events)
    joined = records.reset_index(drop=True).reindex(rows)
    joined.index = time_index(left)
    return joined


def _instants(values: Any, what: str) -> IntVector:
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        nanoseconds = values
    else:
        if getattr(getattr(values, "dtype", None), "kind", "") == "M" and getattr(values, "dt", values).tz is None:
            raise InvalidInput(f"expected {what} with a time zone, got naive times; use tz_localize")
        nanoseconds = parse_times(values, error=InvalidInput).nanoseconds
    if bool((nanoseconds == NO_TIME).any()):
        raise InvalidInput(
            f"expected a time in every row of {what}, row {int(np.argmax(nanoseconds == NO_TIME))} has none"
        )
    return nanoseconds
