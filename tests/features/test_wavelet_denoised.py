"""Causal denoising against a readable version on PyWavelets; the leak of denoising a whole series; what is gained."""

import numpy as np
import pytest
import pywt

from augury.errors import InvalidInput
from augury.features import make
from augury.market.bars import BarArrays
from augury.testing import garch_bars, run_feature_suite


def bars_of_log_price(log_price) -> BarArrays:
    close = np.exp(np.asarray(log_price, dtype=np.float64))
    return BarArrays(np.arange(close.size) * 10**9, np.vstack([close, close, close, close, np.ones(close.size)]))


def values_on(log_price, **options):
    feature = make("wavelet_denoised", **options)
    arrays = bars_of_log_price(log_price)
    rows = feature.batch(arrays.opened_at, arrays.matrix)
    return dict(zip([output.name for output in feature.outputs], rows, strict=True))


def last_sample(window, levels):
    """Denoised value, kept details, noise and kept share of the last value of a window, by PyWavelets' transform."""
    missing = -len(window) % 2**levels
    padded = np.concatenate([np.full(missing, window[0]), window])
    found = pywt.swt(padded, "haar", level=levels, norm=True, trim_approx=True)
    details = [-np.roll(found[levels - j + 1], 2**j - 1)[missing:] for j in range(1, levels + 1)]
    smooth = np.roll(found[0], 2**levels - 1)[-1]
    noise = np.sqrt(2.0) * np.median(np.abs(details[0][1:])) / 0.6745
    universal = noise * np.sqrt(2.0 * np.log(len(window)))
    newest = [float(row[-1]) for row in details]
    kept = [float(pywt.threshold(np.array([d]), universal / 2 ** (j / 2))[0]) for j, d in enumerate(newest, 1)]
    return smooth + sum(kept), sum(kept), noise, sum(k * k for k in kept) / sum(d * d for d in newest)


@pytest.mark.parametrize(("levels", "window"), [(4, 256), (1, 32), (5, 33), (8, 256)])
def test_every_output_agrees_with_the_readable_version(levels, window):
    log_price = np.log(garch_bars(window + 120, seed=6)["close"].to_numpy())
    ours = values_on(log_price, levels=levels, window_bars=window)
    before = np.nan
    for t in range(len(log_price)):
        if t < window - 1:
            assert all(np.isnan(row[t]) for row in ours.values())
            continue
        denoised, kept, noise, share = last_sample(log_price[t - window + 1 : t + 1], levels)
        gap, change = denoised - log_price[t], denoised - before
        wanted = {"gap": gap, "change": change, "detail": kept, "noise": noise, "kept_share": share}
        wanted |= {"gap_z": gap / noise, "change_z": change / noise, "detail_z": kept / noise}
        for name, value in wanted.items():
            np.testing.assert_allclose(ours[name][t], value, rtol=1e-8, atol=1e-11, err_msg=f"{name} at {t}")
        before = denoised


@pytest.mark.parametrize(("levels", "window"), [(1, 32), (5, 33), (8, 257)])
def test_other_options_keep_the_contract_too(levels, window):
    feature = make("wavelet_denoised", levels=levels, window_bars=window)
    assert [outcome for outcome in run_feature_suite(feature) if outcome.failure] == []


def denoised_all_at_once(log_price, wavelet):
    """What is published as wavelet denoising: decompose the whole series, shrink, put it together again."""
    parts = pywt.wavedec(log_price, wavelet, mode="symmetric", level=4)
    threshold = np.median(np.abs(parts[-1])) / 0.6745 * np.sqrt(2.0 * np.log(len(log_price)))
    kept = [parts[0], *(pywt.threshold(part, threshold, "soft") for part in parts[1:])]
    return pywt.waverec(kept, wavelet, mode="symmetric")[: len(log_price)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_denoising_a_whole_random_walk_tells_the_next_return_and_ours_does_not(seed):
    returns = 0.01 * np.random.default_rng(seed).standard_normal(20_000)
    log_price = 4.6 + np.cumsum(returns)
    ours = values_on(log_price)
    known = slice(300, -1)
    for name in ("gap", "gap_z", "change", "change_z", "detail", "detail_z"):
        assert abs(np.corrcoef(ours[name][known], returns[301:])[0, 1]) < 0.03, name
    for wavelet in ("haar", "db4"):
        gap = denoised_all_at_once(log_price, wavelet) - log_price
        assert np.corrcoef(gap[known], returns[301:])[0, 1] > 0.3


@pytest.mark.parametrize("levels", [3, 4])
def test_a_slow_signal_and_a_step_come_out_nearer_to_the_truth_than_they_went_in(levels):
    rng = np.random.default_rng(4)
    t = np.arange(6000)
    slow = 0.05 * np.sin(2 * np.pi * t / 400)
    steps = np.cumsum((rng.random(6000) < 0.01) * 0.05 * rng.standard_normal(6000))
    for truth, most in ((slow, 0.5), (steps, 0.85)):
        noise = 0.015 * rng.standard_normal(6000)
        ours = values_on(truth + noise, levels=levels)
        error = (noise + ours["gap"])[300:]
        assert np.sqrt(np.mean(error**2)) < most * np.sqrt(np.mean(noise[300:] ** 2))
        assert np.nanmean(ours["noise"]) == pytest.approx(0.015, rel=0.05)


def test_noise_loses_nearly_all_of_its_details_and_a_large_jump_keeps_them():
    rng = np.random.default_rng(5)
    noise = 0.01 * rng.standard_normal(5000)
    assert np.nanmean(values_on(noise)["kept_share"]) < 0.01
    jump = noise + 1.0 * (np.arange(5000) >= 4990)
    at_jump = values_on(jump)["kept_share"][4990]
    assert at_jump > 0.8
    assert abs(values_on(jump)["gap"][4990]) < 0.1


def test_most_closes_equal_means_no_noise_so_nothing_is_taken_off():
    log_price = np.repeat(np.cumsum(0.01 * np.random.default_rng(1).standard_normal(200)), 3)
    ours = {name: row[256:] for name, row in values_on(log_price).items()}
    assert (ours["noise"] == 0.0).all()
    assert (ours["gap"] == 0.0).all()
    np.testing.assert_allclose(ours["change"], np.diff(log_price)[255:], atol=1e-15)
    assert np.isnan(ours["gap_z"]).all()
    assert (ours["kept_share"] == 1.0).all()
    still = values_on(np.full(300, 2.0))
    assert np.isnan(still["kept_share"]).all()
    assert still["change"][-1] == still["detail"][-1] == still["noise"][-1] == 0.0


def test_defaults_and_bounds_are_the_stated_ones():
    feature = make("wavelet_denoised")
    assert feature.spec.to_dict() == {"levels": 4, "window_bars": 256}
    assert feature.columns[0] == "wavelet_denoised_gap"
    assert "7.5 bars late" in feature.outputs[2].meaning
    with pytest.raises(InvalidInput, match="8 levels reach over 256 bars, more than window_bars = 255"):
        make("wavelet_denoised", levels=8, window_bars=255)
