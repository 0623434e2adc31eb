"""The spread deviation against scipy's regression on quantities from TA-Lib and pandas."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib
from scipy.stats import linregress

from augury.errors import InvalidInput
from augury.features import make
from augury.market.bars import BarArrays, bar_arrays
from augury.testing.generators.garch_bars import garch_bars


def readable(arrays: BarArrays, window: int, min_correlation: float) -> pd.DataFrame:
    _, high, low, close, volume = arrays.matrix
    atr = pd.Series(talib.ATR(high, low, close, window)).shift()
    x = (pd.Series(volume) / pd.Series(volume).shift().rolling(window).median()).to_numpy()
    y = ((high - low) / atr).to_numpy()
    rows = np.full((len(close), 4), np.nan)
    for t in range(2 * window + 1, len(close)):
        past = slice(t - window, t)
        fit = linregress(x[past], y[past])
        related = fit.slope > 0 and fit.rvalue >= min_correlation
        deviation = y[t] - (fit.intercept + fit.slope * x[t]) if related else 0.0
        rows[t] = deviation, fit.slope, fit.intercept, fit.rvalue
    return pd.DataFrame(rows)


def assert_agrees(arrays: BarArrays, window: int, min_correlation: float = 0.2) -> pd.DataFrame:
    feature = make("vsa_deviation", window_bars=window, min_correlation=min_correlation)
    ours = pd.DataFrame(feature.batch(arrays.opened_at, arrays.matrix).T)
    pd.testing.assert_frame_equal(ours, readable(arrays, window, min_correlation), rtol=1e-9, atol=1e-11)
    assert ours[0].first_valid_index() == feature.warm_up == 2 * window + 1
    return ours


@pytest.mark.parametrize("window", [3, 20, 168])
def test_every_output_agrees_with_linregress(window):
    assert_agrees(bar_arrays(garch_bars(700, seed=4)), window)


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA names no folder of real bars")
def test_every_output_agrees_with_linregress_on_real_bars():
    table = pd.read_parquet(Path(os.environ["AUGURY_DATA"]) / "equities_daily" / "us_long_raw_1998_2021.parquet")
    frame = table[table["symbol"] == "AAPL"].set_index("timestamp").drop(columns="symbol").astype(float).iloc[:1500]
    ours = assert_agrees(bar_arrays(frame), 168)
    assert ours[3].dropna().mean() > 0.2


def test_unrelated_volume_gives_zero_and_a_related_spike_is_found():
    frame = garch_bars(400, seed=9)
    rng = np.random.default_rng(9)
    unrelated = frame.assign(volume=rng.permutation(frame["volume"].to_numpy()))
    arrays = bar_arrays(unrelated)
    values = make("vsa_deviation", window_bars=50, min_correlation=0.6).batch(arrays.opened_at, arrays.matrix)[0]
    assert (values[101:] == 0.0).mean() > 0.95

    spread = frame["high"] - frame["low"]
    related = frame.assign(volume=1e6 * spread / spread.rolling(50, min_periods=1).mean())
    related.iloc[-1, 4] = related["volume"].iloc[-60:-1].median()
    related.iloc[-1, 1] = related["close"].iloc[-1] * 1.3
    arrays = bar_arrays(related)
    values = make("vsa_deviation", window_bars=50).batch(arrays.opened_at, arrays.matrix)[0]
    assert values[-1] == np.nanmax(np.abs(values)) > 3.0


def test_constant_volume_has_no_regression_and_so_no_value():
    arrays = bar_arrays(garch_bars(200, seed=1).assign(volume=1234.1))
    values = make("vsa_deviation", window_bars=30).batch(arrays.opened_at, arrays.matrix)
    assert np.isnan(values).all()


def test_equal_ranges_have_no_correlation_and_a_slope_of_zero():
    rng = np.random.default_rng(0)
    matrix = np.tile([[100.0], [101.0], [99.0], [100.0], [1.0]], 200)
    matrix[4] = rng.lognormal(10, 0.5, 200)
    values = make("vsa_deviation", window_bars=30).batch(np.arange(200), matrix)
    assert (values[0, 61:] == 0.0).all()
    np.testing.assert_allclose(values[1, 61:], 0.0, atol=1e-12)
    assert np.isnan(values[3]).all()


def test_a_flat_spell_is_unknown_and_does_not_poison_what_follows():
    frame = garch_bars(600, seed=2)
    flat = frame.copy()
    flat.iloc[:80, :4] = 100.0
    arrays = bar_arrays(flat)
    values = make("vsa_deviation", window_bars=30).batch(arrays.opened_at, arrays.matrix)[0]
    assert np.isnan(values[:111]).all()
    assert np.isfinite(values[111:]).all()


def test_the_window_is_bounded():
    with pytest.raises(InvalidInput, match="window_bars"):
        make("vsa_deviation", window_bars=513)
