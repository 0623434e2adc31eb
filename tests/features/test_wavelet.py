"""Wavelet energies against PyWavelets and plain numpy, on planted swings, noise, awkward bars and other options."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pywt

from augury.errors import InvalidInput
from augury.features import make
from augury.market.bars import BarArrays
from augury.testing import garch_bars, run_feature_suite


def bars_of_close(close) -> BarArrays:
    close = np.asarray(close, dtype=np.float64)
    return BarArrays(np.arange(close.size) * 10**9, np.vstack([close, close, close, close, np.ones(close.size)]))


def readable(close, spec) -> pd.DataFrame:
    """The definition, one bar and one level at a time, on PyWavelets' circular transform without its wrap."""
    series = np.diff(np.log(close)) if spec.series == "returns" else np.log(close / close[0])
    late = len(close) - len(series)
    taps, levels, width = pywt.Wavelet(spec.wavelet).dec_len, spec.levels, spec.window_bars
    padded = np.concatenate([series, np.zeros(-len(series) % 2**levels)])
    found = pywt.swt(padded, spec.wavelet, level=levels, norm=True, trim_approx=True)
    details = [np.roll(found[levels - j + 1], (2**j - 1) * taps // 2) for j in range(1, levels + 1)]
    smooth = np.roll(found[0], (2**levels - 1) * taps // 2)
    rows = np.full((len(close), 3 * levels + 6), np.nan)
    for t in range((2**levels - 1) * (taps - 1) + width - 1, len(series)):
        window = slice(t - width + 1, t + 1)
        energy = [float(np.mean(row[window] ** 2)) for row in details] + [float(np.var(smooth[window]))]
        share = np.array(energy) / np.sum(energy)
        z = [(row[t] - row[window].mean()) / row[window].std() for row in details]
        entropy = -np.sum(share * np.log(share)) / np.log(levels + 1)
        slope = np.polyfit(np.arange(1, levels + 1), np.log2(energy[:levels]), 1)[0]
        dominant = 1 + int(np.argmax(energy[:levels]))
        trend = smooth[t] - smooth[t - spec.trend_bars]
        rows[t + late] = [*energy, *share, *z, entropy, slope, dominant, trend]
    return pd.DataFrame(rows)


def assert_agrees(close, **options):
    feature = make("wavelet", **options)
    arrays = bars_of_close(close)
    ours = pd.DataFrame(feature.batch(arrays.opened_at, arrays.matrix).T)
    wanted = readable(np.asarray(close), feature.spec)
    for column in wanted:
        size = wanted[column].abs().median()
        pd.testing.assert_series_equal(ours[column], wanted[column], rtol=1e-9, atol=1e-9 * size)
    assert ours.notna().all(axis=1).idxmax() == feature.warm_up == ours.notna().any(axis=1).idxmax()


@pytest.mark.parametrize("series", ["returns", "log_price"])
@pytest.mark.parametrize("wavelet", ["haar", "db2", "db4", "sym4"])
def test_every_output_agrees_with_the_readable_version(wavelet, series):
    close = garch_bars(600, seed=5)["close"].to_numpy()
    assert_agrees(close, wavelet=wavelet, series=series)
    assert_agrees(close, wavelet=wavelet, series=series, levels=2, window_bars=37, trend_bars=36)


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="AUGURY_DATA names no folder of real bars")
@pytest.mark.parametrize("series", ["returns", "log_price"])
def test_every_output_agrees_with_the_readable_version_on_real_bars(series):
    table = pd.read_parquet(Path(os.environ["AUGURY_DATA"]) / "equities_daily" / "us_long_raw_1998_2021.parquet")
    assert_agrees(table.loc[table["symbol"] == "AAPL", "close"].to_numpy()[:1500], series=series, levels=5)


@pytest.mark.parametrize(
    "options",
    [
        {"wavelet": "db4", "levels": 6, "window_bars": 130},
        {"wavelet": "sym4", "levels": 3, "window_bars": 9, "trend_bars": 8, "series": "log_price"},
        {"levels": 8, "window_bars": 64},
        {"levels": 2, "window_bars": 8, "trend_bars": 1},
    ],
    ids=str,
)
def test_other_options_keep_the_contract_too(options):
    assert [outcome for outcome in run_feature_suite(make("wavelet", **options)) if outcome.failure] == []


def test_a_planted_swing_is_found_on_its_level():
    rng = np.random.default_rng(3)
    t = np.arange(600)
    for period, level in ((2.8, 1), (5.6, 2), (11.3, 3), (22.6, 4)):
        returns = 0.01 * np.sin(2 * np.pi * t / period) + 0.0005 * rng.standard_normal(600)
        feature = make("wavelet", wavelet="db4")
        arrays = bars_of_close(100 * np.exp(np.cumsum(returns)))
        values = dict(zip(feature.columns, feature.batch(arrays.opened_at, arrays.matrix), strict=True))
        known = slice(feature.warm_up, None)
        assert (values["wavelet_dominant_level"][known] == level).all()
        assert (values[f"wavelet_share_{level}"][known] > 0.7).all()
        assert (values["wavelet_entropy"][known] < 0.6).all()


def test_noise_halves_its_energy_from_level_to_level_and_prices_double_it():
    returns = 0.01 * np.random.default_rng(8).standard_normal(40_000)
    arrays = bars_of_close(100 * np.exp(np.cumsum(returns)))
    for series, slope in (("returns", -1.0), ("log_price", 0.77)):
        feature = make("wavelet", series=series, levels=4)
        values = dict(zip(feature.columns, feature.batch(arrays.opened_at, arrays.matrix), strict=True))
        assert np.nanmean(values[f"{feature.label}_slope"]) == pytest.approx(slope, abs=0.05)
        for level in range(1, 5):
            z = values[f"{feature.label}_z_{level}"][feature.warm_up :]
            assert abs(z.mean()) < 0.05
            assert z.std() == pytest.approx(1.0, abs=0.1)
            if series == "returns":
                energy = np.nanmean(values[f"wavelet_energy_{level}"])
                assert energy == pytest.approx(1e-4 * 2.0**-level, rel=0.05)


def test_the_trend_of_steady_growth_is_its_rate_and_the_rest_is_still():
    feature = make("wavelet", series="log_price", trend_bars=10)
    arrays = bars_of_close(50 * np.exp(0.001 * np.arange(400)))
    values = dict(zip(feature.columns, feature.batch(arrays.opened_at, arrays.matrix), strict=True))
    known = slice(feature.warm_up, None)
    np.testing.assert_allclose(values["wavelet_price_trend"][known], 0.01, rtol=1e-10)
    for level in range(1, 5):
        half_a_step = 0.001 * 2 ** (level - 2)
        np.testing.assert_allclose(values[f"wavelet_price_energy_{level}"][known], half_a_step**2, rtol=1e-9)
        assert np.isnan(values[f"wavelet_price_z_{level}"][known]).all()


def test_where_nothing_moves_the_energies_are_zero_and_what_divides_by_them_is_unknown():
    close = np.r_[garch_bars(300, seed=1)["close"].to_numpy(), np.full(400, 77.7)]
    for series in ("returns", "log_price"):
        feature = make("wavelet", series=series)
        arrays = bars_of_close(close)
        values = dict(zip(feature.columns, feature.batch(arrays.opened_at, arrays.matrix)[:, -1], strict=True))
        for column, value in values.items():
            known = "_energy_" in column or column.endswith("_trend")
            assert value == 0.0 if known else np.isnan(value), column


def test_meanings_publish_how_late_each_level_is():
    for wavelet, late in (("haar", "3.5 bars late"), ("db4", "22 bars late")):
        meanings = {output.name: output.meaning for output in make("wavelet", wavelet=wavelet).outputs}
        assert "swings of 8 to 16 bars" in meanings["energy_3"]
        assert meanings["energy_3"].endswith(late)
    assert make("wavelet").outputs[4].meaning.endswith("7.5 bars late")


def test_defaults_and_bounds_are_the_stated_ones():
    assert make("wavelet").spec.to_dict() == {
        "series": "returns",
        "wavelet": "haar",
        "levels": 4,
        "window_bars": 128,
        "trend_bars": 16,
    }
    assert make("wavelet").columns[:2] == ("wavelet_energy_1", "wavelet_energy_2")
    assert make("wavelet", series="log_price").columns[0] == "wavelet_price_energy_1"
    with pytest.raises(InvalidInput, match="trend_bars must be below window_bars; got 64 and 64"):
        make("wavelet", window_bars=64, trend_bars=64)
    with pytest.raises(InvalidInput, match="'haar', 'db2', 'db4', 'sym4'"):
        make("wavelet", wavelet="db3")
    with pytest.raises(InvalidInput, match="levels"):
        make("wavelet", levels=9)
