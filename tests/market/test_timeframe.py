from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput, NotEnoughData
from augury.market import Timeframe, close_times, infer_timeframe


@pytest.mark.parametrize("text", ["1m", "5m", "15m", "30m", "1h", "4h", "1D"])
def test_names_mean_what_pandas_means_by_them(text):
    frame = Timeframe.of(text)
    assert frame.ns == pd.Timedelta(text.replace("m", "min")).as_unit("ns").value
    assert str(frame) == text
    assert Timeframe.of(frame) is frame


@pytest.mark.parametrize(("text", "name"), [
    ("1d", "1D"), ("1W", "1W"), ("1wk", "1W"), ("daily", "1D"), ("60min", "1h"), ("7D", "1W"),
    ("90m", "90m"), ("h", "1h"),
    (dt.timedelta(minutes=5), "5m"),
])  # fmt: skip
def test_other_spellings_are_understood(text, name):
    assert str(Timeframe.of(text)) == name


@pytest.mark.parametrize("text", ["1M", "month", "", "0m", "-1h", "1.5h", "h1", None, 60])
def test_what_has_no_fixed_length_is_refused(text):
    with pytest.raises(InvalidInput):
        Timeframe.of(text)


def test_weeks_begin_on_monday_and_days_at_midnight_utc():
    times = pd.date_range("2024-01-01", periods=400, freq="7h", tz="UTC", unit="ns")
    weeks = pd.DatetimeIndex(Timeframe.of("1W").bucket_starts(times.asi8).view("datetime64[ns]"))
    assert set(weeks.day_of_week) == {0}
    days = pd.DatetimeIndex(Timeframe.of("1D").bucket_starts(times.asi8).view("datetime64[ns]"), tz="UTC")
    assert days.equals(times.floor("D"))


def test_nights_weekends_and_holidays_do_not_hide_the_timeframe():
    days = pd.bdate_range("2024-01-01", periods=100, tz="UTC")
    assert str(infer_timeframe(days)) == "1D"
    hours = pd.DatetimeIndex([day + pd.Timedelta(hours=h) for day in days for h in range(14, 21)])
    assert str(infer_timeframe(hours)) == "1h"
    assert str(infer_timeframe(hours[::-1])) == "1h"


def test_too_few_times_and_ties_are_refused():
    with pytest.raises(NotEnoughData, match="at least 3"):
        infer_timeframe(pd.date_range("2024-01-01", periods=2, tz="UTC"))
    with pytest.raises(InvalidInput, match="pass timeframe="):
        infer_timeframe(pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-04"], utc=True))


def test_a_daily_bar_is_known_at_the_next_midnight_after_the_close_in_new_york():
    opened = np.array([pd.Timestamp("2024-01-02", tz="UTC").as_unit("ns").value])
    known = pd.Timestamp(int(close_times(opened, "1D")[0]), tz="UTC")
    assert known == pd.Timestamp("2024-01-03", tz="UTC")
    assert known > pd.Timestamp("2024-01-02 16:00", tz="America/New_York")


@given(st.integers(1, 10**6), st.integers(0, 2**62))
def test_a_time_lies_inside_its_bucket(seconds, moment):
    frame = Timeframe(seconds * 10**9)
    start = int(frame.bucket_starts(np.array([moment]))[0])
    assert start <= moment < start + frame.ns
    assert int(frame.bucket_starts(np.array([start]))[0]) == start
