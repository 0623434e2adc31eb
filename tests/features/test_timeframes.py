"""Longer bars seen from shorter ones: nothing of a forming bar is ever visible."""

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.features import compute, make, multi_timeframe
from augury.features.feature import Feature
from augury.market import resample
from augury.market.bars import bar_arrays
from augury.testing.causality import check_causality
from augury.testing.generators.garch_bars import garch_bars


def hourly(n=800, start="2024-01-03 05:00"):
    index = pd.date_range(start, periods=n, freq="1h", tz="UTC", unit="ns", name="timestamp")
    return garch_bars(n, seed=13).set_axis(index)


def with_gaps(n=800):
    kept = np.random.default_rng(5).random(n) < 0.6
    kept[200:290] = False
    return hourly(n).loc[kept]


def readable(bars: pd.DataFrame, feature: Feature, timeframe: str, base: str) -> pd.DataFrame:
    """For each bar: every long bar that has ended by then, the feature on those alone, its last row."""
    long, short = pd.Timedelta(timeframe), pd.Timedelta(base)
    rows = []
    for opened in bars.index:
        known = bars[bars.index <= opened]
        grouped = known.groupby(known.index.floor(timeframe))
        longer = grouped.agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
        longer = longer[longer.index + long <= opened + short]
        longer.index.name = "timestamp"
        empty = longer.empty
        rows.append([np.nan] * len(feature.outputs) if empty else compute(longer, feature).iloc[-1].to_list())
    return pd.DataFrame(rows, index=bars.index)


@pytest.mark.parametrize("bars", [hourly(150), with_gaps(320)], ids=["gapless", "gaps"])
@pytest.mark.parametrize("text", ["range_position", "rsi"])
def test_values_are_those_of_the_long_bars_that_have_ended(bars, text):
    inner = make(text, **({"window_bars": 5} if text == "range_position" else {"timeperiod": 4}))
    ours = compute(bars, multi_timeframe(inner, "4h", "1h"))
    assert ours.notna().sum().sum() > 80
    np.testing.assert_allclose(ours.to_numpy(), readable(bars, inner, "4h", "1h").to_numpy(), rtol=1e-12)


def test_a_long_bar_is_seen_at_the_close_of_its_last_base_bar_and_not_before():
    bars = hourly(24, start="2024-01-03 00:00")
    ours = compute(bars, multi_timeframe(make("trange"), "4h", "1h"))["trange_4h"]
    assert ours.iloc[:7].isna().all()
    assert ours.loc["2024-01-03 07:00":"2024-01-03 10:00"].nunique() == 1
    assert ours.loc["2024-01-03 10:00"] != ours.loc["2024-01-03 11:00"]


def test_a_bucket_without_its_last_bar_is_seen_at_the_next_close():
    bars = hourly(24, start="2024-01-03 00:00").drop(pd.Timestamp("2024-01-03 07:00", tz="UTC"))
    ours = compute(bars, multi_timeframe(make("obv"), "4h", "1h"))["obv_4h"]
    assert ours.loc["2024-01-03 06:00"] == ours.loc["2024-01-03 03:00"]
    assert ours.loc["2024-01-03 08:00"] != ours.loc["2024-01-03 06:00"]


def test_the_long_bars_are_those_of_resample():
    bars = with_gaps()
    longer = resample(bars, "4h", base="1h")
    inner = compute(longer.drop(columns="known_at"), "stoch")
    ours = compute(bars, multi_timeframe(make("stoch"), "4h", "1h"))
    np.testing.assert_allclose(ours.iloc[-1], inner.iloc[-1], rtol=1e-12)


@pytest.mark.parametrize("text", ["vsa", "macd", "chaikin_money_flow"])
@pytest.mark.parametrize(("timeframe", "base"), [("4h", "1h"), ("1D", "1h"), ("2h", "1h"), ("12h", "30m")])
def test_the_stream_repeats_the_batch_and_its_snapshot_nests(text, timeframe, base):
    options = {"window_bars": 20} if text != "macd" else {}
    feature = multi_timeframe(make(text, **options), timeframe, base)
    arrays = bar_arrays(with_gaps())
    batch = feature.batch(arrays.opened_at, arrays.matrix)
    stream, rows = feature.open_stream(), []
    for t in range(len(arrays)):
        if t % 97 == 50:
            saved = stream.snapshot()
            stream = feature.open_stream()
            stream.restore(saved)
            assert stream.snapshot() == saved
        rows.append(stream.update(int(arrays.opened_at[t]), arrays.matrix[:, t].copy()))
    np.testing.assert_array_equal(np.array(rows).T, batch)


def test_timeframes_of_one_series_differ():
    """Four timeframes that read the same rows would give four equal columns."""
    bars = hourly()
    features = [make("rsi"), *(multi_timeframe(make("rsi"), timeframe, "1h") for timeframe in ("2h", "4h", "8h"))]
    frame = compute(bars, features).dropna()
    assert list(frame.columns) == ["rsi_14", "rsi_14_2h", "rsi_14_4h", "rsi_14_8h"]
    assert frame.corr().where(~np.eye(4, dtype=bool)).max().max() < 0.99


@pytest.mark.parametrize("bars", [hourly(500), with_gaps(800)], ids=["gapless", "gaps"])
def test_nothing_looks_ahead(bars):
    report = check_causality(multi_timeframe(make("ema", timeperiod=5), "4h", "1h"), bars)
    assert report.causal, str(report)


def test_the_causality_suite_finds_a_forming_bar_that_leaks():
    def leaky(bars):
        longer = bars["close"].resample("4h").last()
        return longer.reindex(bars.index, method="ffill")

    assert not check_causality(leaky, hourly(200)).causal


def test_weeks_begin_on_monday():
    bars = garch_bars(40, seed=2).set_axis(
        pd.date_range("2024-01-01", periods=40, tz="UTC", unit="ns", name="timestamp")
    )
    ours = compute(bars, multi_timeframe(make("obv"), "1W", "1D"))["obv_1W"]
    changes = ours.index[ours.ne(ours.shift()) & ours.notna()]
    assert set(changes.day_name()) == {"Sunday"}


def test_a_look_back_covers_the_forming_bar_too():
    feature = multi_timeframe(make("range_position", window_bars=5), "4h", "1h")
    assert feature.look_back == 23
    arrays = bar_arrays(hourly(200))
    whole = feature.batch(arrays.opened_at, arrays.matrix)
    for end in range(100, 200, 7):
        part = slice(end - 23, end)
        ours = feature.batch(arrays.opened_at[part], np.ascontiguousarray(arrays.matrix[:, part]))
        np.testing.assert_array_equal(ours[:, -1], whole[:, end - 1])


def test_timeframes_that_do_not_divide_are_refused():
    with pytest.raises(InvalidInput, match="times base_timeframe 1h"):
        multi_timeframe(make("rsi"), "90m", "1h")
    with pytest.raises(InvalidInput, match="times base_timeframe 4h"):
        multi_timeframe(make("rsi"), "4h", "4h")
    with pytest.raises(InvalidInput, match="expected a timeframe"):
        multi_timeframe(make("rsi"), "4 fortnights", "1h")


def test_bars_closer_than_the_base_timeframe_are_refused_because_they_would_look_ahead():
    feature = multi_timeframe(make("obv"), "1D", "4h")
    arrays = bar_arrays(hourly(50))
    with pytest.raises(InvalidInput, match="at least one base timeframe"):
        feature.batch(arrays.opened_at, arrays.matrix)
    stream = feature.open_stream()
    stream.update(int(arrays.opened_at[0]), arrays.matrix[:, 0])
    with pytest.raises(InvalidInput, match="at least one base timeframe"):
        stream.update(int(arrays.opened_at[1]), arrays.matrix[:, 1])


def test_snapshots_of_other_timeframes_are_refused():
    saved = multi_timeframe(make("obv"), "4h", "1h").open_stream().snapshot()
    with pytest.raises(InvalidInput, match="was not taken from"):
        multi_timeframe(make("obv"), "2h", "1h").open_stream().restore(saved)


def test_daily_bars_stamped_at_a_local_midnight_are_taken_when_clocks_go_forward():
    index = pd.date_range("2023-01-01", periods=300, freq="D", tz="America/New_York").tz_convert("UTC").as_unit("ns")
    opened_at = index.asi8
    matrix = bar_arrays(garch_bars(300, seed=9)).matrix
    assert np.diff(opened_at).min() == 23 * 3_600 * 10**9
    feature = multi_timeframe(make("sma", timeperiod=5), timeframe="1W", base_timeframe="1D")
    batch = feature.batch(opened_at, matrix)
    stream = feature.open_stream()
    rows = np.array([stream.update(int(opened_at[t]), matrix[:, t].copy()) for t in range(300)]).T
    np.testing.assert_array_equal(rows, batch)
    assert np.isfinite(batch[0, -1])
