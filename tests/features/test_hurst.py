"""The rolling Hurst features: against the whole-series estimators, their flags on noise and on known persistence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.features import registry
from augury.features.hurst_exponent import hurst_dfa, hurst_ghe, hurst_rs
from augury.testing.causality import assert_causal
from augury.testing.generators.fractional_gaussian_noise import fractional_gaussian_noise
from augury.testing.generators.geometric_brownian_bars import geometric_brownian_bars
from augury.testing.streaming import assert_streams

FEATURES = ("hurst", "hurst_dfa", "hurst_rs")


def columns(name, close, **options):
    feature = registry.make(name, **options)
    bars = np.ascontiguousarray(np.broadcast_to(close, (5, len(close))))
    values = feature.batch(np.arange(len(close)), bars)
    return dict(zip((output.name for output in feature.outputs), values, strict=True))


def close_from(returns):
    return 100.0 * np.exp(np.cumsum(returns))


def noise(n, seed):
    return np.random.default_rng(seed).standard_normal(n) * 0.01


@pytest.mark.parametrize("window", [50, 250, 333, 1000])
def test_the_generalised_exponent_of_every_window_is_that_of_the_whole_series(window):
    close = close_from(np.random.default_rng(window).standard_t(3, 2 * window + 300) * 0.01)
    got = columns("hurst", close, window_bars=window)
    p = np.log(close)
    assert np.isnan(got["exponent"][: window - 1]).all()
    for t in [window - 1, window, window + 17, 2 * window, len(close) - 1]:
        part = p[t - window + 1 : t + 1]
        assert got["exponent"][t] == pytest.approx(hurst_ghe(part), abs=2e-13)
        assert got["robust"][t] == pytest.approx(hurst_ghe(part, q=0.5), abs=2e-13)
        assert got["fractal_dimension"][t] == 2.0 - got["exponent"][t]


@pytest.mark.parametrize(("name", "whole"), [("hurst_dfa", hurst_dfa), ("hurst_rs", hurst_rs)])
@pytest.mark.parametrize(("window", "step"), [(250, 5), (60, 1), (101, 7)])
def test_block_methods_compute_every_few_bars_and_hold_with_their_age(name, whole, window, step):
    close = close_from(noise(3 * window, seed=window))
    got = columns(name, close, window_bars=window, step_bars=step)
    returns = np.diff(np.log(close))
    assert np.isnan(got["exponent"][:window]).all()
    for t in [window, window + 1, window + step, window + 3 * step + 1, len(close) - 1]:
        age = (t - window) % step
        computed_at = t - age
        expected = whole(returns[computed_at - window : computed_at])
        assert got["exponent"][t] == pytest.approx(expected, abs=1e-12)
        assert got["age"][t] == age


@pytest.mark.parametrize("name", FEATURES)
def test_streams_give_the_bits_of_the_batch_and_no_value_sees_the_future(name):
    bars = geometric_brownian_bars(420, seed=2)
    feature = registry.make(name, window_bars=100)
    assert_streams(feature, bars)
    assert_causal(feature, bars)


@pytest.mark.parametrize("name", FEATURES)
def test_the_tail_is_the_end_of_the_batch_in_every_bit(name):
    feature = registry.make(name, window_bars=80)
    for n in (81, 85, 333, 401):
        close = close_from(noise(n, seed=n))
        bars = np.ascontiguousarray(np.broadcast_to(close, (5, n)))
        whole = feature.batch(np.arange(n), bars)
        for count in (0, 1, 7, n):
            np.testing.assert_array_equal(feature.tail(np.arange(n), bars, count), whole[:, n - count :])


@pytest.mark.parametrize(("name", "size"), [("hurst", 0.05), ("hurst_dfa", 0.05), ("hurst_rs", 0.05)])
def test_flags_fire_on_about_one_in_twenty_bars_of_a_random_walk(name, size):
    windows = 3000
    close = close_from(noise(251 * windows, seed=21))
    got = columns(name, close, **({} if name == "hurst" else {"step_bars": 251}))
    once_a_window = slice(250, None, 251)
    band = 4 * math.sqrt(size * (1 - size) / windows)
    z = got["z"][once_a_window]
    assert np.mean(got["trending"][once_a_window]) == pytest.approx(size, abs=band)
    assert np.mean(got["mean_reverting"][once_a_window]) == pytest.approx(size, abs=band)
    assert abs(z.mean()) < 4 / math.sqrt(windows)
    assert z.std() == pytest.approx(1.0, abs=0.06)


# power at one bar of W = 250 with the exponents that markets are said to have
POWER = {"hurst": (0.85, 0.90), "hurst_dfa": (0.65, 0.70), "hurst_rs": (0.70, 0.55)}


@pytest.mark.parametrize("name", FEATURES)
def test_flags_find_persistence_and_reversion_in_fractional_noise(name):
    paths = 200
    rates = {}
    for hurst, flag in ((0.7, "trending"), (0.3, "mean_reverting")):
        rng = np.random.default_rng(31)
        fired, wrong = 0.0, 0.0
        other = "mean_reverting" if flag == "trending" else "trending"
        for _ in range(paths):
            close = close_from(0.01 * fractional_gaussian_noise(251, hurst, seed=rng))
            got = columns(name, close)
            fired += got[flag][-1]
            wrong += got[other][-1]
        rates[flag] = fired / paths
        assert wrong / paths < 0.02
    trending, reverting = POWER[name]
    assert rates["trending"] > trending
    assert rates["mean_reverting"] > reverting


@pytest.mark.parametrize("name", FEATURES)
def test_a_random_walk_is_not_called_trending_everywhere(name):
    got = columns(name, close_from(noise(20_000, seed=5)))
    known = ~np.isnan(got["exponent"])
    assert np.mean(got["trending"][known]) < 0.25, "levels in place of returns would make this 1"
    assert np.mean(got["mean_reverting"][known]) > 0.0, "a sell rule that needs it must be reachable"


@pytest.mark.parametrize("name", FEATURES)
def test_a_constant_price_is_unknown_and_recovers(name):
    close = np.concatenate([close_from(noise(200, 1)), np.full(150, 50.0), 50.0 * np.exp(np.cumsum(noise(200, 2)))])
    got = columns(name, close, window_bars=100)
    flat = slice(200 + 106, 350)
    for output in ("exponent", "z", "trending", "mean_reverting", "fractal_dimension"):
        assert np.isnan(got[output][flat]).all(), output
    assert np.isfinite(got["exponent"][-50:]).all()


@pytest.mark.parametrize("name", FEATURES)
def test_a_close_that_is_no_price_is_unknown_and_leaves_the_window_alone(name):
    close = close_from(noise(200, 3))
    broken = np.insert(close, 150, np.nan)
    options = {"window_bars": 100} | ({} if name == "hurst" else {"step_bars": 1})
    got, whole = columns(name, broken, **options), columns(name, close, **options)
    assert np.isnan(got["exponent"][150]) or name != "hurst"
    np.testing.assert_array_equal(np.delete(got["exponent"], 150), whole["exponent"])


def test_one_bad_print_moves_the_robust_exponent_less():
    rng = np.random.default_rng(8)
    moved = {"exponent": [], "robust": []}
    for _ in range(50):
        p = np.cumsum(rng.standard_normal(250) * 0.01)
        clean = columns("hurst", 100 * np.exp(p))
        p[120] += 0.15
        spiked = columns("hurst", 100 * np.exp(p))
        for output in moved:
            moved[output].append(spiked[output][-1] - clean[output][-1])
    assert abs(np.mean(moved["robust"])) < 0.7 * abs(np.mean(moved["exponent"]))


@pytest.mark.parametrize("name", FEATURES)
def test_windows_outside_the_noise_table_are_refused(name):
    with pytest.raises(InvalidInput, match="window_bars = 20"):
        registry.make(name, window_bars=20)
    with pytest.raises(InvalidInput, match="window_bars = 5000"):
        registry.make(name, window_bars=5000)
