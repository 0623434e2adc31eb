from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput
from augury.market import asof_join, bar_arrays, close_times, read_universe, resample, validate_bars

RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


@pytest.mark.parametrize(("freq", "target", "rule"), [
    ("h", "4h", "4h"), ("h", "1D", "1D"), ("min", "15m", "15min"), ("D", "1W", "W-MON"), ("h", "1h", "1h"),
])  # fmt: skip
def test_values_agree_with_pandas_where_every_bucket_is_complete_or_absent(make_bars, freq, target, rule):
    bars = make_bars(500, freq=freq).drop(index=make_bars(500, freq=freq).index[100:180:7])
    ours = resample(bars, target, base={"h": "1h", "min": "1m", "D": "1D"}[freq], partial=True)
    theirs = bars.resample(rule, label="left", closed="left").agg(RULES).dropna()
    pd.testing.assert_frame_equal(ours.drop(columns="known_at"), theirs, check_freq=False)


def test_a_bucket_is_known_at_its_end_and_absent_while_it_forms(make_bars):
    bars = make_bars(11)  # 00:00 to 10:00
    closed = resample(bars, "4h")
    assert list(closed.index.hour) == [0, 4]
    assert list(closed["known_at"].dt.hour) == [4, 8]
    forming = resample(bars, "4h", partial=True)
    assert list(forming.index.hour) == [0, 4, 8]
    assert forming["known_at"].iloc[-1] == pd.Timestamp("2024-01-01 11:00", tz="UTC")
    assert forming["close"].iloc[-1] == bars["close"].iloc[-1]


def test_a_bucket_whose_last_bars_are_absent_closes_only_when_time_is_known_to_have_passed(make_bars):
    bars = make_bars(7)
    assert len(resample(bars, "4h")) == 1
    assert len(resample(bars, "4h", as_of="2024-01-01T08:00Z")) == 2
    assert len(resample(bars, "4h", as_of="2024-01-01T07:59Z")) == 1
    with pytest.raises(InvalidInput, match="time zone"):
        resample(bars, "4h", as_of="2024-01-01 08:00")


def test_bars_after_as_of_change_nothing(make_bars):
    bars = make_bars(200)
    moment = bars.index[120] + pd.Timedelta("1h")
    early = resample(bars, "1D", as_of=moment)
    pd.testing.assert_frame_equal(early, resample(bars.iloc[:121], "1D", base="1h"))


def test_prefixes_give_the_same_closed_buckets(make_bars):
    bars = make_bars(150).drop(index=make_bars(150).index[[20, 21, 22, 23, 47, 71, 95]])
    whole = resample(bars, "4h", base="1h")
    for length in range(1, len(bars)):
        known = bars.index[length - 1] + pd.Timedelta("1h")
        part = resample(bars.iloc[:length], "4h", base="1h")
        pd.testing.assert_frame_equal(part, whole[whole["known_at"] <= known])


def test_a_bar_that_reaches_beyond_its_bucket_delays_the_bucket(make_bars):
    bars = make_bars(12)
    half_past = bars.set_index((bars.index + pd.Timedelta("30min")).rename("timestamp"))
    assert (resample(half_past, "4h")["known_at"].dt.minute == 30).all()


def test_a_join_shows_a_higher_bar_only_from_its_close(make_bars):
    bars = make_bars(48)
    higher = resample(bars, "4h")
    decisions = close_times(bar_arrays(bars).opened_at, "1h")
    seen = asof_join(decisions, higher)["close"].to_numpy()
    for at in range(48):
        closed = (at + 1) // 4 * 4  # bars in the higher bars that have closed by the end of this bar
        expected = bars["close"].iloc[closed - 1] if closed else np.nan
        np.testing.assert_equal(seen[at], expected)


def test_the_longer_timeframe_must_be_a_multiple_and_the_bars_valid(make_bars):
    with pytest.raises(InvalidInput, match="multiple"):
        resample(make_bars(), "90m")
    with pytest.raises(InvalidInput, match="multiple"):
        resample(make_bars(), "30m")
    with pytest.raises(InvalidBars):
        resample(make_bars().iloc[::-1], "4h")


def test_a_resampled_frame_is_itself_bars(make_bars):
    daily = resample(make_bars(200), "1D")
    assert validate_bars(daily).shape == (len(daily), 5)


@pytest.mark.parametrize("symbol", ["SPY", "AAPL"])
def test_hourly_bars_of_real_shares_give_their_daily_bars(data_folder, symbol):
    hourly = read_universe(data_folder / "intraday" / "us_equity_1h_1998_2021.parquet")[symbol]
    daily = read_universe(data_folder / "equities_daily" / "us_long_raw_1998_2021.parquet")[symbol]
    end = hourly.index[-1].floor("D") + pd.Timedelta("1D")
    made = resample(hourly, "1D", as_of=end)
    assert made.index.equals(daily.index)
    np.testing.assert_array_equal(made["close"], daily["close"])
    np.testing.assert_allclose(made["volume"] / daily["volume"], 1.0, rtol=0, atol=0)
    assert (made["known_at"] == made.index + pd.Timedelta("1D")).all()
