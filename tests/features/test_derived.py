"""The scale-free indicators against TA-Lib and readable pandas."""

import numpy as np
import pandas as pd
import pytest
import talib

from augury.errors import InvalidInput
from augury.features import compute, make, parse_feature
from augury.market.bars import bar_arrays
from augury.testing.generators.garch_bars import garch_bars

BARS = garch_bars(900, seed=21)
HIGH, LOW, CLOSE, VOLUME = (BARS[name].to_numpy().copy() for name in ("high", "low", "close", "volume"))


def column(feature: str, name: str | None = None) -> np.ndarray:
    frame = compute(BARS, feature)
    return frame[name or frame.columns[0]].to_numpy()


@pytest.mark.parametrize("span", [2, 20, 200])
def test_ema_distance_is_taken_from_talibs_ema(span):
    np.testing.assert_allclose(
        column(f"ema_distance(span_bars={span})"), CLOSE / talib.EMA(CLOSE, span) - 1, rtol=1e-12, atol=1e-14
    )


def test_bollinger_position_is_taken_from_talibs_bands():
    upper, middle, lower = talib.BBANDS(CLOSE, 20, 2.0, 2.0)
    np.testing.assert_allclose(
        column("bollinger_position", "bollinger_position_percent_b"), (CLOSE - lower) / (upper - lower), rtol=1e-7
    )
    np.testing.assert_allclose(
        column("bollinger_position", "bollinger_position_bandwidth"), (upper - lower) / middle, rtol=1e-7
    )


@pytest.mark.parametrize("periods", [(12, 26, 14), (3, 10, 30)])
def test_macd_atr_is_talibs_macd_over_talibs_atr(periods):
    fast, slow, atr = periods
    wanted = talib.MACD(CLOSE, fast, slow, 1)[0] / talib.ATR(HIGH, LOW, CLOSE, atr)
    ours = column(f"macd_atr(fast_bars={fast}, slow_bars={slow}, atr_bars={atr})")
    np.testing.assert_allclose(ours, wanted, rtol=1e-10, atol=1e-13)
    with pytest.raises(InvalidInput, match="fast_bars must be below slow_bars"):
        make("macd_atr", fast_bars=26)


def test_obv_slope_compares_with_earlier_slopes_only():
    obv = pd.Series(talib.OBV(CLOSE, VOLUME))
    slopes = obv.iloc[1:].rolling(20).apply(lambda part: np.polyfit(np.arange(20), part - part.iloc[0], 1)[0])
    before = slopes.shift().rolling(100)
    wanted = ((slopes - before.mean()) / before.std(ddof=0)).reindex(obv.index).to_numpy()
    np.testing.assert_allclose(column("obv_slope"), wanted, rtol=1e-6, atol=1e-9)


def test_range_position_is_where_the_close_lies():
    top, bottom = talib.MAX(HIGH, 20), talib.MIN(LOW, 20)
    np.testing.assert_allclose(column("range_position"), (CLOSE - bottom) / (top - bottom), rtol=1e-12, atol=1e-15)


def test_session_vwap_restarts_every_session():
    index = pd.date_range("2024-01-01", periods=900, freq="1h", tz="UTC", unit="ns", name="timestamp")
    bars = BARS.set_axis(index)
    for start in (0, 14 * 60 + 30):
        ours = compute(bars, f"session_vwap_distance(session_start_minute={start})").iloc[:, 0]
        session = (index - pd.Timedelta(minutes=start)).floor("D")
        typical = (bars["high"] + bars["low"] + bars["close"]) / 3
        vwap = (typical * bars["volume"]).groupby(session).cumsum() / bars["volume"].groupby(session).cumsum()
        np.testing.assert_allclose(ours, bars["close"] / vwap - 1, rtol=1e-9, atol=1e-13)


def test_chaikin_money_flow_is_talibs():
    np.testing.assert_allclose(
        column("chaikin_money_flow"), talib.CMF(HIGH, LOW, CLOSE, VOLUME, 20), rtol=1e-9, atol=1e-12
    )


def test_what_has_no_meaning_is_unknown():
    flat = BARS.assign(open=100.0, high=100.0, low=100.0, close=100.0)
    assert compute(flat, "range_position").isna().all().all()
    assert compute(flat, "macd_atr").isna().all().all()
    bands = compute(flat, "bollinger_position")
    assert bands["bollinger_position_percent_b"].isna().all()
    assert (bands["bollinger_position_bandwidth"].dropna() == 0.0).all()
    silent = BARS.assign(volume=0.0)
    for name in ("chaikin_money_flow", "session_vwap_distance", "obv_slope"):
        assert compute(silent, name).isna().all().all()


@pytest.mark.parametrize(
    "text",
    [
        "bollinger_position(window_bars=10)",
        "obv_slope(slope_bars=5, baseline_bars=30)",
        "range_position",
        "chaikin_money_flow",
    ],
)
def test_a_declared_look_back_is_exact_to_the_last_bit(text):
    feature = parse_feature(text)
    arrays = bar_arrays(BARS)
    whole = feature.batch(arrays.opened_at, arrays.matrix)
    for end in (400, 555, 900):
        part = np.ascontiguousarray(arrays.matrix[:, end - feature.look_back : end])
        values = feature.batch(arrays.opened_at[end - feature.look_back : end], part)
        np.testing.assert_array_equal(values[:, -1], whole[:, end - 1])
