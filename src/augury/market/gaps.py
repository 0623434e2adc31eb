"""Holes in a series of bars, judged by the series' own week: nights, weekends and holidays are not holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.market.rules import distinct_times
from augury.market.timeframe import Timeframe

__all__ = ["Gap", "find_gaps"]

_HOUR_NS = 3_600 * 10**9
_DAY_NS = 24 * _HOUR_NS
_WEEK_NS = 7 * _DAY_NS
_QUIET_HOURS = 4  # a daily pause at least this long marks where one session day ends
_USUAL_SHARE = 0.2  # a pause seen on this share of days is part of the timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A hole after position `before` of the sorted times: about `missing_bars` bars, `reason` in words."""

    before: int
    missing_bars: int
    reason: str


def find_gaps(times: IntVector, timeframe: Timeframe, *, holiday_days: int = 2) -> list[Gap]:
    """Gaps in strictly increasing times int64[n] ns of bars of this timeframe, in order.

    A series with bars on all seven days of the week is taken to trade always: every absent bar is a gap. Otherwise a
    gap is more than `holiday_days` trading days in a row without a bar, a pause inside a session that is not part of
    the timetable (seen on less than a fifth of the days), or a session with less than half of its usual bars. Up to
    `holiday_days` absent days cannot be told from holidays by the series alone and are not reported. Weekly and
    longer bars have no timetable: every absent one is a gap.
    """
    if times.size < 3:
        return []
    if timeframe.ns >= _WEEK_NS:
        return _always_open(times, timeframe, tolerance=0.5)
    days = (times - _night(times)) // _DAY_NS
    open_days = _trading_weekdays(days)
    if open_days.all() or not open_days.any():
        return _always_open(times, timeframe, tolerance=0.01)
    gaps = _absent_days(days, open_days, timeframe, holiday_days)
    if timeframe.ns < _DAY_NS:
        gaps += _pauses(times, days, timeframe) + _short_sessions(days)
    return sorted(gaps, key=lambda gap: gap.before)


def _always_open(times: IntVector, timeframe: Timeframe, tolerance: float) -> list[Gap]:
    spacing = np.diff(times) / timeframe.ns
    return [
        Gap(before=int(at), missing_bars=max(1, round(spacing[at]) - 1), reason="absent bars")
        for at in np.flatnonzero(spacing > 1.0 + tolerance)
    ]


def _night(times: IntVector) -> int:
    """Offset in ns of the middle of the longest daily pause, so that a session never spans two days; 0 without one."""
    counts = np.bincount(((times // _HOUR_NS) % 24).astype(np.intp), minlength=24)
    used = np.flatnonzero(counts > 0.005 * times.size)
    pauses = np.diff(np.append(used, used[0] + 24)) - 1
    longest = int(np.argmax(pauses))
    if pauses[longest] < _QUIET_HOURS:
        return 0
    return int((used[longest] + 1 + pauses[longest] / 2) % 24 * _HOUR_NS)


def _weekday(days: IntVector) -> IntVector:
    return (days + 3) % 7  # day 0, 1970-01-01, was a Thursday; 0 is Monday


def _trading_weekdays(days: IntVector) -> BoolVector:
    """bool[7]: weekdays with bars in at least half of the weeks that have any."""
    distinct = distinct_times(days)
    weeks = np.unique((distinct + 3) // 7).size
    return np.asarray(np.bincount(_weekday(distinct), minlength=7) >= 0.5 * weeks)


def _absent_days(days: IntVector, open_days: BoolVector, timeframe: Timeframe, holiday_days: int) -> list[Gap]:
    total, before_weekday = int(open_days.sum()), np.concatenate(([0], np.cumsum(open_days)))
    upto = (days + 3) // 7 * total + before_weekday[_weekday(days)]  # trading days before each day
    absent = np.diff(upto) - open_days[_weekday(days[:-1])]
    absent[np.diff(days) == 0] = 0
    a_day = float(np.median(np.unique(days, return_counts=True)[1]))
    bars_a_day = max(1, round(a_day)) if timeframe.ns < _DAY_NS else 1
    return [
        Gap(before=int(at), missing_bars=int(absent[at]) * bars_a_day, reason=f"{absent[at]} trading days")
        for at in np.flatnonzero(absent > holiday_days)
    ]


def _pauses(times: IntVector, days: IntVector, timeframe: Timeframe) -> list[Gap]:
    spacing, step = np.diff(times), np.diff(days)
    day_count = distinct_times(days).size
    runs_through = float(((step == 1) & (spacing == timeframe.ns)).sum()) >= _USUAL_SHARE * day_count
    inside = (step == 0) | ((step == 1) & runs_through)
    long = np.flatnonzero(inside & (spacing > 1.01 * timeframe.ns))
    lengths, which, counts = np.unique(spacing[long], return_inverse=True, return_counts=True)
    unusual = counts[which] < _USUAL_SHARE * day_count if lengths.size else np.zeros(0, dtype=np.bool_)
    return [
        Gap(
            before=int(at),
            missing_bars=max(1, round(spacing[at] / timeframe.ns) - 1),
            reason="pause inside a session",
        )
        for at in long[unusual]
    ]


def _short_sessions(days: IntVector) -> list[Gap]:
    distinct, first, counts = np.unique(days, return_index=True, return_counts=True)
    weekday = _weekday(distinct)
    usual = np.array([np.median(counts[weekday == day]) if (weekday == day).any() else 0.0 for day in range(7)])
    short = np.flatnonzero(counts < 0.5 * usual[weekday])
    inner = short[(short > 0) & (short < distinct.size - 1)]
    return [
        Gap(
            before=int(first[at] + counts[at] - 1),
            missing_bars=int(usual[weekday[at]] - counts[at]),
            reason=f"session of {counts[at]} bars where {usual[weekday[at]]:.0f} are usual",
        )
        for at in inner
    ]
