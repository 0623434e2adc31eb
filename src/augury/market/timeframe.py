"""How long a bar lasts, and therefore when it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.market.rules import distinct_times

__all__ = ["Timeframe", "close_times", "infer_timeframe"]

_UNIT_NS = {"W": 604_800 * 10**9, "D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9}
_WORDS = {
    **dict.fromkeys(("w", "wk", "week", "weeks", "weekly"), "W"),
    **dict.fromkeys(("d", "day", "days", "daily"), "D"),
    **dict.fromkeys(("h", "hr", "hour", "hours", "hourly"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
}
_LONGEST_NS = 53 * _UNIT_NS["W"]  # closes of bars of the year 2260 stay within int64 ns
_FIRST_MONDAY_NS = 4 * _UNIT_NS["D"]  # 1970-01-05


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """A fixed bar length in ns. Built from text such as "1m", "5m", "15m", "30m", "1h", "4h", "1D", "1W".

    Months and years have no fixed length and are refused ("1M" is a month, "1m" a minute).

    >>> Timeframe.of("4h").ns == 4 * 3600 * 10**9
    True
    >>> str(Timeframe.of("240min"))
    '4h'
    """

    ns: int

    NAMES: ClassVar[tuple[str, ...]] = ("1m", "5m", "15m", "30m", "1h", "4h", "1D", "1W")

    def __post_init__(self) -> None:
        if not 0 < self.ns <= _LONGEST_NS:
            raise InvalidInput(f"a timeframe should be longer than 0 ns and at most 53 weeks, got {self.ns} ns")

    @classmethod
    def of(cls, value: str | timedelta | Timeframe) -> Timeframe:
        """Read a timeframe from text, a timedelta or a Timeframe; raises InvalidInput for anything else."""
        if isinstance(value, Timeframe):
            return value
        if isinstance(value, timedelta):
            return cls(int(pd.Timedelta(value).as_unit("ns").value))
        if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{0,6})\s*([A-Za-z]+)\s*", value)):
            count, word = int(match[1] or 1), match[2]
            unit = None if word == "M" else _WORDS.get(word.lower())
            if unit is not None and count > 0:
                return cls(count * _UNIT_NS[unit])
        raise InvalidInput(
            f"expected a timeframe such as {', '.join(cls.NAMES)}, got {value!r} (months have no fixed length)"
        )

    def __str__(self) -> str:
        """The shortest exact name: "90m", "4h", "1D"."""
        for unit, size in _UNIT_NS.items():
            if self.ns % size == 0:
                return f"{self.ns // size}{unit}"
        return f"{self.ns}ns"

    @property
    def shortest_spacing_ns(self) -> int:
        """The least time between two opens of bars this long: from a day on an hour less, as when clocks go forward."""
        return self.ns - _UNIT_NS["h"] if self.ns >= _UNIT_NS["D"] else self.ns

    def bucket_starts(self, times: IntVector) -> IntVector:
        """Start of the bucket that holds each time, int64[n] ns.

        Buckets count from the epoch, 1970-01-01 00:00 UTC; whole weeks count from Monday, 1970-01-05.
        """
        anchor = _FIRST_MONDAY_NS if self.ns % _UNIT_NS["W"] == 0 else 0
        return (times - anchor) // self.ns * self.ns + anchor


def infer_timeframe(index: pd.DatetimeIndex | IntVector) -> Timeframe:
    """The spacing that most neighbouring bars have: nights, weekends and gaps are fewer than bars.

    Order does not matter; repeated and missing times are left out. Raises NotEnoughData below three different times and
    InvalidInput when no single spacing accounts for half of them: then say the timeframe.
    """
    times = index if isinstance(index, np.ndarray) else index.as_unit("ns").asi8
    distinct = distinct_times(times)
    if distinct.size < 3:
        raise NotEnoughData(f"a timeframe is inferred from at least 3 times, got {distinct.size}; pass timeframe=")
    spacings, counts = np.unique(np.diff(distinct), return_counts=True)
    top = int(np.argmax(counts))
    tied = int((counts == counts[top]).sum()) > 1
    if tied or 2 * int(counts[top]) < distinct.size - 1:
        most = np.argsort(-counts, kind="stable")[:3]
        shown = ", ".join(f"{Timeframe(int(spacings[at]))} ({counts[at]} times)" for at in most)
        raise InvalidInput(f"no spacing holds for half of the {distinct.size} times: {shown}; pass timeframe=")
    return Timeframe(int(spacings[top]))


def close_times(opened_at: IntVector, timeframe: str | Timeframe) -> IntVector:
    """When each bar is known: `opened_at` + timeframe, int64[n] ns UTC.

    Daily bars stamped with their session date are therefore known at the next midnight UTC, some hours after the close
    in New York (20:00 or 21:00 UTC): late rather than early, on purpose.
    """
    return opened_at + Timeframe.of(timeframe).ns
