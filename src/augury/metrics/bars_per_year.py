"""How many bars make a year."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidInput

__all__ = ["EVERY_DAY", "SESSIONS", "periods_per_year"]

SESSIONS = 252.0  # trading days a year of exchanges that close at weekends
EVERY_DAY = 365.0  # of markets that never close
_HOUR_NS = 3_600 * 10**9
_DAY_NS = 24 * _HOUR_NS
_WEEK_NS = 7 * _DAY_NS
_YEAR_NS = 365.25 * _DAY_NS
_LONG_BARS = ((6.5, 7.5, 52.0), (28.0, 31.5, 12.0), (88.0, 93.0, 4.0), (360.0, 371.0, 1.0))  # days from, to, a year
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


def periods_per_year(opened_at: IntVector) -> float:
    """Bars that make a year, from their times: int64[n] ns UTC, increasing, opens or closes.

    A bar lasts the median spacing (nights and weekends are fewer than bars). Then, by convention:

    - daily, no weekend traded: 252; every day traded: 365;
    - weekly 52, monthly 12, quarterly 4, yearly 1;
    - intraday: mean bars of a full trading day, times 252 or 365. A day starts in the middle of the longest part of
      the day without bars, so that a session which spans midnight UTC is one day;
    - anything else (currencies, futures with Sunday evenings, odd bars): counted over the whole weeks of the sample.

    NaN when it cannot be told: under two bars, or no weekend among the days. Pass the number yourself then.

    >>> day = 86_400 * 10**9
    >>> periods_per_year(np.arange(30) * day), periods_per_year(np.arange(30) * 7 * day)
    (365.0, 52.0)
    """
    times = np.asarray(opened_at)
    if times.dtype != np.int64 or times.ndim != 1:
        raise InvalidInput(f"opened_at should be int64[n] ns UTC, got {times.dtype}{list(times.shape)}")
    if times.size < 2:
        return math.nan
    if int(times[-1]) - int(times[0]) >= 2**63:
        raise InvalidInput("opened_at should span less than 292 years, what an int64 of ns can hold; pass fewer bars")
    if not (times[1:] > times[:-1]).all():
        raise InvalidInput("opened_at should increase; sort the bars and drop repeated times")
    spacing = float(np.median(np.diff(times)))
    days = spacing / _DAY_NS
    for low, high, count in _LONG_BARS:
        if low <= days <= high:
            return count
    if days > 28.0:
        return _YEAR_NS / spacing
    if days > 1.25:
        return _counted(times)
    return _daily_or_shorter(times, spacing)


def _daily_or_shorter(times: IntVector, spacing: float) -> float:
    """252 or 365 trading days times the bars of one; counted where neither holds."""
    sessions = (times + _shift_to_session(times)) // _DAY_NS
    dates, counts = np.unique(sessions, return_counts=True)
    weekdays = (dates + _FIRST_WEEKDAY) % 7
    every = np.arange(dates[0], dates[-1] + 1)
    weekend_days = int(((every + _FIRST_WEEKDAY) % 7 >= 5).sum())
    traded = int((weekdays >= 5).sum())
    if weekend_days == 0:
        return math.nan
    if 0.05 * weekend_days < traded < 0.8 * weekend_days:
        return _counted(times)
    year = EVERY_DAY if traded >= 0.8 * weekend_days else SESSIONS
    if spacing > 0.75 * _DAY_NS:
        return year
    full = counts[1:-1] if counts.size > 2 else counts
    return year * float(full.sum()) / full.size


def _shift_to_session(times: IntVector) -> int:
    """What to add to a time so that days break in the middle of the longest daily pause, at most half a day."""
    of_day = np.unique(times % _DAY_NS)
    pauses = np.diff(np.append(of_day, of_day[0] + _DAY_NS))
    longest = int(np.argmax(pauses))
    if of_day.size < 2 or int(pauses[longest]) < 3 * _HOUR_NS:
        return 0
    middle = int(of_day[longest] + pauses[longest] // 2) % _DAY_NS
    return -middle if middle <= _DAY_NS // 2 else _DAY_NS - middle


def _counted(times: IntVector) -> float:
    """Bars of the sample's whole weeks, a week times the weeks of a year; NaN under a week."""
    weeks = int(times[-1] - times[0]) // _WEEK_NS
    if weeks == 0:
        return math.nan
    return float(np.searchsorted(times, times[0] + weeks * _WEEK_NS)) / weeks * _YEAR_NS / _WEEK_NS
