"""The door of the Bars contract: whatever holds bars becomes one checked frame, or an error that names the rows."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidBars, InvalidInput
from augury.market.bars import BAR_COLUMNS, BarArrays, bar_arrays, bars_frame, plain_block, single_block
from augury.market.raw import RawBars, raw_bars
from augury.market.rules import BAR_RULES, bars_keep_rules, rows_not_after_previous, times_increase
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import EARLIEST_NS, LATEST_NS, iso

__all__ = ["Stamp", "check_bar_arrays", "valid_arrays", "validate_bars"]

Stamp: TypeAlias = Literal["open", "close"]

_SHOWN = 5


def validate_bars(
    frame: Any, *, zone: str | None = None, stamp: Stamp = "open", timeframe: str | Timeframe | None = None
) -> pd.DataFrame:
    """Bars in the form that all of Augury works on: checked, never repaired.

    `frame` is a pandas, polars or pyarrow table with a DatetimeIndex or a time column. Common spellings are known
    (Open, o, <OPEN>, vol, Date, Datetime, ts, epoch numbers, ...); other columns, adjusted closes too, are ignored.
    The result is indexed by bar *open* time: a strictly increasing UTC DatetimeIndex (ns) named `timestamp`, with
    float64 columns open, high, low, close, volume in one block. A frame already in this form comes back as it is.

    Times: values with an offset are converted; naive clock times need `zone`; days without a time of day are session
    labels and become 00:00 UTC (or that zone's midnight when `zone` is given). `stamp="close"` says that the times
    are closes: they are moved back by `timeframe` (inferred when None). A bar's values are known at its close, one
    timeframe after its open.

    Rules: finite prices above 0; high >= max(open, close); low <= min(open, close); finite volume >= 0; times strictly
    increasing. NaN is refused: a missing bar is an absent row. Raises InvalidBars with the broken rule, the first five
    rows (counted from 0) and the number of others.

    >>> import pandas as pd
    >>> day = pd.DataFrame({"Date": ["2024-01-02"], "Open": 9.0, "High": 9.5, "Low": 8.5, "Close": 9.2, "Volume": 100})
    >>> validate_bars(day).index[0].isoformat()
    '2024-01-02T00:00:00+00:00'
    """
    if stamp not in ("open", "close"):
        raise InvalidInput(f"stamp should be 'open' or 'close', got {stamp!r}")
    if stamp == "open" and isinstance(frame, pd.DataFrame) and _contract_arrays(frame) is not None:
        return frame
    raw = raw_bars(frame, zone=zone)
    if raw.opened_at.size == 0:
        raise InvalidBars("expected at least one bar, got a table without rows")
    opened_at = raw.opened_at if stamp == "open" else _opens_of_closes(raw, zone, timeframe)
    check_bar_arrays(BarArrays(opened_at, raw.matrix))
    return bars_frame(opened_at, raw.matrix)


def valid_arrays(frame: Any) -> BarArrays:
    """`bar_arrays(validate_bars(frame))`, looking only once at a frame that keeps the contract already."""
    arrays = _contract_arrays(frame) if isinstance(frame, pd.DataFrame) else None
    return bar_arrays(validate_bars(frame)) if arrays is None else arrays


def check_bar_arrays(arrays: BarArrays) -> None:
    """Check the rules of bars on arrays; raises InvalidBars as `validate_bars` does, and changes nothing.

    `opened_at` must be int64[n] and `matrix` float64[5, n], C-contiguous.
    """
    opened_at, bars = arrays.opened_at, arrays.matrix
    if bars.dtype != np.float64 or bars.ndim != 2 or bars.shape[0] != 5 or not bars.flags.c_contiguous:
        raise InvalidBars(f"expected a C-contiguous float64[5, n] matrix, got {bars.dtype}{list(bars.shape)}")
    if opened_at.dtype != np.int64 or opened_at.shape != bars.shape[1:]:
        raise InvalidBars(f"expected int64[{bars.shape[1]}] open times, got {opened_at.dtype}{list(opened_at.shape)}")
    if times_increase(opened_at) and bars_keep_rules(bars):
        return
    raise InvalidBars(_broken_rules(opened_at, bars))


def _contract_arrays(frame: pd.DataFrame) -> BarArrays | None:
    """The arrays of a frame in the form of the contract that keeps its rules; None for any other."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.name != "timestamp" or index.unit != "ns" or len(index) == 0:
        return None
    if index.tz is None or str(index.tz) != "UTC":
        return None
    block = single_block(frame)
    if block is None:
        return None
    arrays = BarArrays(index.asi8, plain_block(block))
    if arrays.opened_at[0] < EARLIEST_NS or arrays.opened_at[-1] >= LATEST_NS:
        return None
    return arrays if times_increase(arrays.opened_at) and bars_keep_rules(arrays.matrix) else None


def _opens_of_closes(raw: RawBars, zone: str | None, timeframe: str | Timeframe | None) -> IntVector:
    if raw.kind == "date" and zone is None:
        raise InvalidBars(
            "stamp='close' needs times, got days without a time of day: a day names its session, so leave stamp='open' "
            "(or pass zone= if the bars close at that zone's midnight)"
        )
    step = infer_timeframe(raw.opened_at) if timeframe is None else Timeframe.of(timeframe)
    return raw.opened_at - step.ns


def _broken_rules(opened_at: IntVector, bars: FloatMatrix) -> str:
    breaks = [("times are strictly increasing and unique", np.flatnonzero(rows_not_after_previous(opened_at)))]
    breaks += [(meaning, np.flatnonzero(test(bars))) for meaning, test in BAR_RULES.values()]
    breaks = [(meaning, rows) for meaning, rows in breaks if rows.size]
    meaning, rows = breaks[0]
    shown = "; ".join(_row(int(row), opened_at, bars) for row in rows[:_SHOWN])
    more = f"; and {rows.size - _SHOWN} more" if rows.size > _SHOWN else ""
    message = f"expected that {meaning}; broken in {rows.size} of {len(opened_at)} rows: {shown}{more}"
    if len(breaks) > 1:
        message += "; also broken: " + ", ".join(f"{other} ({where.size} rows)" for other, where in breaks[1:])
    if meaning.startswith("times") and len(opened_at) > 2 and bool((np.diff(opened_at) < 0).all()):
        return message + "; the rows run newest first: sort them by time"
    return message + "; mend the source, or see quality_report and clean"


def _row(row: int, opened_at: IntVector, bars: FloatMatrix) -> str:
    values = " ".join(f"{name}={bars[at, row]:.10g}" for at, name in enumerate(BAR_COLUMNS))
    return f"row {row} ({iso(int(opened_at[row]))}) {values}"
