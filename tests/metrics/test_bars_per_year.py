"""How many bars make a year, from the times alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.metrics import periods_per_year


def ns(index: pd.DatetimeIndex) -> np.ndarray:
    return index.tz_convert("UTC").as_unit("ns").asi8


def sessions(zone: str, start: str, end: str, freq: str, days: int = 365) -> np.ndarray:
    """Bars of a session from `start` to `end` local time on business days."""
    dates = pd.bdate_range("2023-01-02", periods=days * 5 // 7)
    bars = [pd.date_range(f"{date.date()} {start}", f"{date.date()} {end}", freq=freq, tz=zone) for date in dates]
    return ns(bars[0].append(bars[1:]))


def daily(freq: str, periods: int = 400) -> np.ndarray:
    return ns(pd.date_range("2023-01-02", periods=periods, freq=freq, tz="UTC"))


def test_daily_bars_without_weekends_make_252_and_with_them_365() -> None:
    assert periods_per_year(daily("B")) == 252.0
    assert periods_per_year(daily("D")) == 365.0
    gaps = np.delete(daily("B"), [3, 50, 51, 120])  # holidays
    assert periods_per_year(gaps) == 252.0


def test_daily_bars_stamped_in_local_time_are_daily_across_the_change_of_clocks() -> None:
    index = pd.date_range("2023-01-02", periods=300, freq="B", tz="America/New_York")
    assert periods_per_year(ns(index)) == 252.0


def test_weekly_monthly_quarterly_and_yearly_bars_have_their_conventional_number() -> None:
    for freq, expected in (("W", 52.0), ("MS", 12.0), ("BME", 12.0), ("QS", 4.0), ("YS", 1.0)):
        assert periods_per_year(daily(freq, 30)) == expected


def test_hourly_equity_bars_are_counted_by_session() -> None:
    assert periods_per_year(sessions("America/New_York", "09:30", "15:30", "1h")) == 7 * 252.0
    assert periods_per_year(sessions("Asia/Tokyo", "09:00", "14:00", "1h")) == 6 * 252.0


def test_a_session_that_spans_midnight_utc_is_one_day_also_when_it_starts_on_sunday_utc() -> None:
    assert periods_per_year(sessions("Australia/Sydney", "10:00", "15:00", "1h")) == 6 * 252.0


def test_minute_bars_of_equities_and_of_a_market_that_never_closes() -> None:
    assert periods_per_year(sessions("America/New_York", "09:30", "15:59", "1min", 60)) == 390 * 252.0
    assert periods_per_year(ns(pd.date_range("2024-01-01", periods=14 * 1440, freq="1min", tz="UTC"))) == 525_600.0
    assert periods_per_year(ns(pd.date_range("2024-01-01", periods=600, freq="4h", tz="UTC"))) == 6 * 365.0


def test_half_days_count_as_what_they_are() -> None:
    times = sessions("America/New_York", "09:30", "15:30", "1h", 140)
    dates = pd.DatetimeIndex(times).normalize()
    half = times[~((dates == dates[70]) & (np.arange(times.size) % 7 >= 4))]
    assert 6.9 * 252.0 < periods_per_year(half) < 7 * 252.0


def test_currency_hours_from_sunday_to_friday_are_counted_over_whole_weeks() -> None:
    hours = pd.date_range("2023-01-01 22:00", "2023-12-29 21:00", freq="1h", tz="UTC")
    week_hour = hours.day_of_week * 24 + hours.hour
    open_hours = hours[(week_hour < 4 * 24 + 22) | (week_hour >= 6 * 24 + 22)]
    assert periods_per_year(ns(open_hours)) == pytest.approx(120 * 365.25 / 7, rel=0.01)


def test_what_cannot_be_told_is_nan_not_a_guess() -> None:
    minutes = ns(pd.date_range("2024-01-01", periods=3 * 1440, freq="1min", tz="UTC"))  # Monday to Wednesday
    assert math.isnan(periods_per_year(minutes))
    assert math.isnan(periods_per_year(minutes[:1]))
    assert math.isnan(periods_per_year(minutes[:0]))


def test_unsorted_or_wrong_times_are_refused() -> None:
    with pytest.raises(InvalidInput, match="should increase"):
        periods_per_year(daily("D")[::-1].copy())
    with pytest.raises(InvalidInput, match="int64"):
        periods_per_year(np.array([1.0, 2.0]))  # type: ignore[arg-type]
