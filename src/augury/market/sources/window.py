"""What was asked of a source, and what came turned into bars that answer it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidBars, InvalidInput, NotEnoughData
from augury.market.bars import BarArrays, bars_frame
from augury.market.store_names import checked_symbol
from augury.market.timeframe import Timeframe
from augury.market.times import Moment, instant, iso
from augury.market.validate import check_bar_arrays

__all__ = ["Window", "bars_within", "session_dates"]

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Bars of `symbol` that open in [start, end) and are closed by `now`, all int64 ns UTC."""

    symbol: str
    timeframe: Timeframe
    start: int
    end: int
    now: int

    @classmethod
    def of(
        cls, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, now: Moment | None = None
    ) -> Window:
        """Read the arguments of `Source.fetch`; InvalidInput when start is not before end."""
        first, stop = instant(start, what="start"), instant(end, what="end")
        if first >= stop:
            raise InvalidInput(f"start should be before end, got {iso(first)} and {iso(stop)}")
        return cls(
            symbol=checked_symbol(symbol),
            timeframe=Timeframe.of(timeframe),
            start=first,
            end=stop,
            now=stop if now is None else instant(now, what="now"),
        )

    @property
    def daily(self) -> bool:
        """True for timeframes of whole days: their bars are labelled by session date, at 00:00 UTC."""
        return self.timeframe.ns % _DAY_NS == 0

    def __str__(self) -> str:
        return f"{self.timeframe} bars of {self.symbol!r} from {iso(self.start)} to {iso(self.end)}"


def session_dates(opened_at: IntVector, zone: str) -> IntVector:
    """Midnights of a zone as 00:00 UTC of the same date, as files with dates only have them; int64[n] ns."""
    local = pd.DatetimeIndex(opened_at.view("datetime64[ns]"), tz="UTC").tz_convert(zone)
    return np.asarray(local.tz_localize(None).normalize().as_unit("ns").asi8)


def bars_within(source: str, window: Window, opened_at: IntVector, matrix: FloatMatrix) -> pd.DataFrame:
    """The rows that a source gave, int64[n] ns and float64[5, n] in any order, as the bars that the window asks for.

    Rows without any price are absent bars. A row that came twice, as at the seam of two pages, counts once when both
    are equal in every bit. Raises InvalidBars for rows that contradict each other or break a rule of bars, and
    NotEnoughData when none is left.
    """
    present = ~np.isnan(matrix[:4]).all(axis=0)
    present &= (opened_at >= window.start) & (opened_at < window.end)
    present &= opened_at + window.timeframe.ns <= window.now
    opened_at, matrix = opened_at[present], matrix[:, present]
    order = np.argsort(opened_at, kind="stable")
    opened_at, matrix = opened_at[order], np.ascontiguousarray(matrix[:, order])
    if len(opened_at) == 0:
        still = "" if window.now >= window.end else f" that were closed by {iso(window.now)}"
        raise NotEnoughData(f"{source}: has no {window}{still}; ask for another range or timeframe")
    again = np.zeros(len(opened_at), dtype=np.bool_)
    again[1:] = opened_at[1:] == opened_at[:-1]
    bits = matrix.view(np.int64)
    clash = np.flatnonzero(again[1:] & (bits[:, 1:] != bits[:, :-1]).any(axis=0))
    if len(clash):
        raise InvalidBars(
            f"{source}: {window.symbol}: expected one bar a time, got {len(clash)} times with two different ones, "
            f"first {iso(int(opened_at[clash[0]]))}: {matrix[:, clash[0]]} and {matrix[:, clash[0] + 1]}"
        )
    opened_at, matrix = opened_at[~again], np.ascontiguousarray(matrix[:, ~again])
    try:
        check_bar_arrays(BarArrays(opened_at, matrix))
    except InvalidBars as problem:
        raise InvalidBars(f"{source}: {window.symbol}: {problem}") from problem
    return bars_frame(opened_at, matrix)
