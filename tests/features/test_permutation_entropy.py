"""Permutation entropy and complexity: whole series against antropy and ordpy, the rolling feature against both."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augury.errors import InvalidInput, NotEnoughData
from augury.features import registry
from augury.features.entropy import complexity, permutation_entropy
from augury.testing.causality import assert_causal
from augury.testing.generators.geometric_brownian_bars import geometric_brownian_bars
from augury.testing.streaming import assert_streams

ordpy = pytest.importorskip("ordpy")


@pytest.fixture(scope="module")
def antropy():
    """Imported only where these tests run, not wherever tests are collected: it compiles for ten seconds."""
    return pytest.importorskip("antropy")


def columns(close, **options):
    feature = registry.make("permutation_entropy", **options)
    bars = np.ascontiguousarray(np.broadcast_to(close, (5, len(close))))
    values = feature.batch(np.arange(len(close)), bars)
    return dict(zip((output.name for output in feature.outputs), values, strict=True))


def walk(n, seed, sd=0.01):
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).standard_normal(n) * sd))


# whole series


@pytest.mark.parametrize("order", [3, 4, 5, 6])
@pytest.mark.parametrize("delay", [1, 2])
@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_entropy_and_complexity_agree_with_antropy_and_ordpy_ties_included(antropy, order, delay, decimals):
    x = np.round(np.random.default_rng(order).standard_normal(700), decimals)
    entropy = permutation_entropy(x, order=order, delay=delay, max_tie_share=1.0)
    assert entropy == pytest.approx(antropy.perm_entropy(x, order=order, delay=delay, normalize=True), abs=2e-15)
    assert entropy == pytest.approx(ordpy.permutation_entropy(x, dx=order, taux=delay), abs=2e-15)
    expected = ordpy.complexity_entropy(x, dx=order, taux=delay)[1]
    assert complexity(x, order=order, delay=delay, max_tie_share=1.0) == pytest.approx(expected, abs=1e-13)


def test_the_published_example_of_bandt_and_pompe():
    x = [4, 7, 9, 10, 6, 11, 3]
    assert round(permutation_entropy(x, order=2, normalize=False), 4) == 0.9183
    assert round(permutation_entropy(x, order=3, normalize=False), 4) == 1.5219


def test_the_logistic_map_sits_where_rosso_found_it():
    x = np.empty(2**15)
    x[0] = 0.1
    for i in range(1, len(x)):
        x[i] = 4.0 * x[i - 1] * (1.0 - x[i - 1])
    assert permutation_entropy(x, order=6) == pytest.approx(0.6297, abs=1e-3)
    assert complexity(x, order=6) == pytest.approx(0.4842, abs=1e-3)


def test_complexity_is_jensen_shannon_over_all_patterns_and_not_euclidean_disequilibrium():
    x = np.tile([1.0, 2.0], 100)
    share = np.zeros(6)
    share[:2] = 0.5  # two of six patterns occur, equally often
    uniform = np.full(6, 1 / 6)
    mixture = 0.5 * (share + uniform)
    divergence = -np.sum(mixture * np.log(mixture)) - 0.5 * math.log(2) - 0.5 * math.log(6)
    single = np.zeros(6)
    single[0] = 1.0
    furthest = 0.5 * (single + uniform)
    largest = -np.sum(furthest * np.log(furthest)) - 0.5 * math.log(6)
    expected = math.log(2) / math.log(6) * divergence / largest
    assert complexity(x, order=3, max_tie_share=1.0) == pytest.approx(expected, abs=1e-12)
    observed = share[share > 0]
    euclidean = math.log(2) / math.log(6) * np.sum((observed - 1 / 6) ** 2)
    assert abs(complexity(x, order=3, max_tie_share=1.0) - euclidean) > 0.05


@given(arrays(np.float64, st.integers(30, 80), elements=st.integers(-5, 5).map(float), unique=False))
@settings(max_examples=60, deadline=None)
def test_entropy_is_unchanged_by_any_increasing_map(x):
    mapped = np.exp(0.3 * x) + x
    assert permutation_entropy(x, order=3, max_tie_share=1.0) == permutation_entropy(mapped, order=3, max_tie_share=1.0)


def test_order_has_entropy_and_complexity_zero():
    x = np.arange(100.0)
    assert permutation_entropy(x) == 0.0
    assert complexity(x) == 0.0


def test_too_many_ties_give_nan():
    x = np.round(np.random.default_rng(1).standard_normal(500), 0)
    assert np.isnan(permutation_entropy(x))
    assert np.isnan(complexity(x))
    assert np.isnan(permutation_entropy(np.ones(100)))


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="position 2"):
        permutation_entropy([1.0, 2.0, math.nan, 4.0, 5.0])
    with pytest.raises(NotEnoughData, match="at least 4"):
        permutation_entropy([1.0, 2.0, 3.0])
    with pytest.raises(InvalidInput, match="order"):
        permutation_entropy(np.arange(20.0), order=9)
    with pytest.raises(InvalidInput, match="delay"):
        permutation_entropy(np.arange(20.0), delay=0)
    with pytest.raises(InvalidInput, match="one dimension"):
        complexity(np.zeros((3, 30)))


# the rolling feature


@pytest.mark.parametrize(("order", "window"), [(3, 100), (4, 250), (5, 600)])
@pytest.mark.parametrize("series", ["returns", "log_price"])
@pytest.mark.parametrize("decimals", [None, 1])
def test_every_window_agrees_with_antropy_and_ordpy(antropy, order, window, series, decimals):
    close = walk(1500, seed=order)
    if decimals is not None:
        close = np.round(close, decimals)
    got = columns(close, order=order, window_bars=window, series=series, max_tie_share=1.0)
    x = close[1:] / close[:-1] if series == "returns" else close
    shift = len(close) - len(x)
    first = window + order - 2 + shift
    assert np.isnan(got["entropy"][:first]).all()
    for t in [first, first + 1, first + 100, 1499]:
        part = x[t - shift - (window + order - 2) : t - shift + 1]
        assert got["entropy"][t] == pytest.approx(antropy.perm_entropy(part, order=order, normalize=True), abs=1e-14)
        entropy, structure = ordpy.complexity_entropy(part, dx=order)
        assert got["entropy"][t] == pytest.approx(entropy, abs=1e-14)
        assert got["complexity"][t] == pytest.approx(structure, abs=1e-13)
        windows = np.lib.stride_tricks.sliding_window_view(part, order)
        tied = np.mean([len(set(row)) < order for row in windows.tolist()])
        assert got["tie_share"][t] == pytest.approx(tied, abs=1e-15)


def test_streams_give_the_bits_of_the_batch_and_no_value_sees_the_future():
    bars = geometric_brownian_bars(700, seed=1)
    for options in ({}, {"order": 3, "window_bars": 60, "series": "log_price"}):
        feature = registry.make("permutation_entropy", **options)
        assert_streams(feature, bars)
        assert_causal(feature, bars)


def test_flags_on_noise_fire_as_often_as_they_say():
    got = columns(walk(250 * 1500, seed=11), window_bars=250)
    once_a_window = slice(300, None, 254)
    predictable = np.mean(got["predictable"][once_a_window])
    like_noise = np.mean(got["complex"][once_a_window])
    assert predictable == pytest.approx(0.01, abs=4 * math.sqrt(0.01 * 0.99 / 1476))
    assert like_noise == pytest.approx(0.95, abs=4 * math.sqrt(0.05 * 0.95 / 1476))
    z = got["z"][once_a_window]
    assert abs(z.mean()) < 4 / math.sqrt(1476)
    assert z.std() == pytest.approx(1.0, abs=0.1)


def test_entropy_above_seven_tenths_does_not_make_noise_complex():
    got = columns(walk(20_000, seed=12))
    known = ~np.isnan(got["entropy"])
    assert np.mean(got["entropy"][known] > 0.7) == 1.0, "the defect this guards against: a flag true on all noise"
    assert np.mean(got["complex"][known]) < 0.99


@pytest.mark.parametrize("series", ["returns", "log_price"])
def test_a_planted_cycle_is_called_predictable(series):
    rng = np.random.default_rng(4)
    returns = 0.01 * np.sin(np.arange(2000) * 2 * np.pi / 9) + 0.002 * rng.standard_normal(2000)
    got = columns(100.0 * np.exp(np.cumsum(returns)), series=series)
    known = ~np.isnan(got["entropy"])
    assert np.mean(got["predictable"][known]) > 0.99
    assert np.mean(got["complex"][known]) < 0.01


def test_a_market_that_hardly_ticks_is_unknown_with_its_tie_share():
    rng = np.random.default_rng(6)
    close = 100.0 + 0.01 * np.cumsum(rng.choice([-1.0, 0.0, 1.0], size=600, p=[0.05, 0.9, 0.05]))
    got = columns(close)
    assert np.isnan(got["entropy"]).all()
    assert np.isnan(got["predictable"]).all()
    assert np.nanmin(got["tie_share"]) > 0.3


def test_options_outside_the_noise_table_are_refused():
    with pytest.raises(InvalidInput, match="between 500 and 1600"):
        registry.make("permutation_entropy", order=5, window_bars=250)
    with pytest.raises(InvalidInput, match="order"):
        registry.make("permutation_entropy", order=6)
