"""Hurst exponents of whole series against nolds, published values and slow readable versions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from augury.errors import InvalidInput, NotEnoughData
from augury.features.hurst_exponent import block_sizes, expected_rescaled_range, hurst_dfa, hurst_ghe, hurst_rs
from augury.testing.generators.fractional_gaussian_noise import fractional_gaussian_noise

SIZES = [10, 12, 15, 20, 24, 30, 40, 60, 80, 120]  # all divide 240


@pytest.fixture(scope="module")
def nolds():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("nolds")


@pytest.fixture(params=[0, 1, 2])
def returns(request):
    return np.random.default_rng(request.param).standard_normal(240) * 0.01


def test_rescaled_range_agrees_with_nolds(nolds, returns):
    expected = nolds.hurst_rs(returns, nvals=SIZES, fit="poly", corrected=True, unbiased=False)
    assert hurst_rs(returns, sizes=SIZES) == pytest.approx(expected, abs=1e-13)
    raw = nolds.hurst_rs(returns, nvals=SIZES, fit="poly", corrected=False, unbiased=False)
    assert hurst_rs(returns, sizes=SIZES, correction="none") == pytest.approx(raw, abs=1e-13)


def test_detrended_fluctuation_agrees_with_nolds(nolds, returns):
    expected = nolds.dfa(returns, nvals=SIZES, overlap=False, fit_exp="poly")
    assert hurst_dfa(returns, sizes=SIZES) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("q", [0.5, 1.0, 2.0])
def test_generalised_exponent_agrees_with_nolds(nolds, returns, q):
    prices = np.cumsum(returns)
    expected = nolds.mfhurst_b(prices, qvals=[q], dists=range(1, 20))[0]
    assert hurst_ghe(prices, q=q) == pytest.approx(expected, abs=1e-13)


def test_blocks_end_at_the_newest_value(returns):
    sizes = [11, 17, 23, 31, 47]  # none divides 240
    for estimate in (hurst_rs, hurst_dfa):
        changed = returns.copy()
        changed[0] += 1.0 if estimate is hurst_rs else 0.0
        dropped = estimate(returns, sizes=sizes)
        assert estimate(changed, sizes=sizes) == pytest.approx(dropped, abs=1e-9), "the first value is in no block"
        changed[-1] += 0.05
        assert abs(estimate(changed, sizes=sizes) - dropped) > 1e-4


def test_expected_rescaled_range_has_the_published_values():
    assert round(expected_rescaled_range(10, "anis_lloyd"), 4) == 3.0233
    assert round(expected_rescaled_range(50, "anis_lloyd"), 4) == 7.8133
    assert round(expected_rescaled_range(50), 4) == 7.7352


def test_anis_lloyd_expectation_is_the_mean_of_simulated_rescaled_ranges():
    x = np.random.default_rng(5).standard_normal((20_000, 25))
    z = np.cumsum(x - x.mean(axis=1, keepdims=True), axis=1)
    simulated = np.mean((z.max(axis=1) - z.min(axis=1)) / x.std(axis=1))
    assert simulated == pytest.approx(expected_rescaled_range(25, "anis_lloyd"), rel=0.005)


def test_default_sizes_are_geometric_from_ten_to_half():
    assert block_sizes(250).tolist() == [10, 14, 21, 30, 42, 61, 87, 125]


# mean over 300 fGn paths for H = 0.3, 0.5, 0.7, then the standard deviation of a path, averaged over the three
BIAS = {
    (100, "raw"): (0.445, 0.584, 0.710, 0.10),
    (100, "anis_lloyd"): (0.356, 0.494, 0.621, 0.10),
    (100, "dfa"): (0.313, 0.498, 0.672, 0.13),
    (100, "ghe"): (0.296, 0.496, 0.679, 0.10),
    (250, "raw"): (0.424, 0.570, 0.714, 0.06),
    (250, "anis_lloyd"): (0.349, 0.495, 0.640, 0.06),
    (250, "dfa"): (0.305, 0.490, 0.684, 0.08),
    (250, "ghe"): (0.298, 0.496, 0.697, 0.06),
    (500, "raw"): (0.410, 0.561, 0.709, 0.05),
    (500, "anis_lloyd"): (0.345, 0.496, 0.645, 0.05),
    (500, "dfa"): (0.303, 0.493, 0.683, 0.06),
    (500, "ghe"): (0.301, 0.497, 0.699, 0.04),
    (1000, "raw"): (0.397, 0.554, 0.706, 0.04),
    (1000, "anis_lloyd"): (0.340, 0.497, 0.649, 0.04),
    (1000, "dfa"): (0.302, 0.495, 0.689, 0.05),
    (1000, "ghe"): (0.299, 0.499, 0.696, 0.03),
}
ESTIMATORS = {
    "raw": lambda x: hurst_rs(x, correction="none"),
    "anis_lloyd": lambda x: hurst_rs(x, correction="anis_lloyd"),
    "dfa": hurst_dfa,
    "ghe": lambda x: hurst_ghe(np.cumsum(x)),
}


@pytest.mark.parametrize(("window", "method"), BIAS)
def test_bias_and_noise_on_fractional_gaussian_noise_are_the_known_ones(window, method):
    *means, sd = BIAS[window, method]
    paths, deviations = 300, []
    for hurst, mean in zip((0.3, 0.5, 0.7), means, strict=True):
        rng = np.random.default_rng(int(1000 * hurst))
        values = [ESTIMATORS[method](fractional_gaussian_noise(window, hurst, seed=rng)) for _ in range(paths)]
        # both means come from 300 paths: four standard errors of their difference
        assert np.mean(values) == pytest.approx(mean, abs=4 * sd * np.sqrt(2 / paths))
        deviations.append(np.std(values))
    assert np.mean(deviations) == pytest.approx(sd, abs=0.01)


def test_independent_returns_are_not_called_persistent_but_price_levels_would_be():
    rng = np.random.default_rng(7)
    walks = [np.cumsum(rng.standard_normal(250) * 0.01) for _ in range(200)]
    on_returns = [hurst_rs(np.diff(walk)) for walk in walks]
    on_levels = [hurst_rs(walk) for walk in walks]
    assert abs(np.mean(on_returns) - 0.48) < 0.02
    assert np.mean(on_levels) > 0.85, "the defect this guards against: levels in place of returns"


@pytest.mark.parametrize("estimate", [hurst_rs, hurst_dfa])
@pytest.mark.parametrize("constant", [0.0, 0.01, -3.7e5])
def test_a_constant_series_gives_nan(estimate, constant):
    assert np.isnan(estimate(np.full(250, constant)))
    assert np.isnan(hurst_ghe(np.full(250, constant)))


def test_constant_growth_with_rounding_noise_gives_nan():
    returns = np.diff(np.log(100.0 * 1.001 ** np.arange(251)))
    assert np.isnan(hurst_rs(returns))
    assert np.isnan(hurst_dfa(returns))


def test_an_alternating_price_gives_nan_because_it_never_moves_at_lag_two():
    assert np.isnan(hurst_ghe(np.tile([0.0, 1.0], 100)))


def test_fewer_than_four_usable_sizes_give_nan():
    x = np.zeros(200)
    x[-1] = 1.0  # only the newest block of each size moves: still usable
    assert np.isfinite(hurst_rs(x))
    x = np.zeros(200)
    x[0] = 1.0
    assert np.isnan(hurst_rs(x, sizes=[11, 13, 17, 19, 23])), "the only movement is outside every block"


def test_a_line_of_log_prices_has_exponent_one():
    assert hurst_ghe(np.arange(300) * 0.01) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("estimate", [hurst_rs, hurst_dfa, hurst_ghe])
def test_bad_input_is_refused_with_the_place(estimate):
    x = np.random.default_rng(1).standard_normal(100)
    x[7] = np.inf
    with pytest.raises(InvalidInput, match="position 7"):
        estimate(x)
    with pytest.raises(NotEnoughData, match="at least"):
        estimate(x[:5])
    with pytest.raises(InvalidInput, match="one dimension"):
        estimate(np.zeros((60, 2)))


def test_options_out_of_range_are_refused():
    x = np.random.default_rng(1).standard_normal(100)
    with pytest.raises(InvalidInput, match="four different"):
        hurst_rs(x, sizes=[10, 20, 30])
    with pytest.raises(InvalidInput, match="q > 0"):
        hurst_ghe(x, q=0.0)
    with pytest.raises(InvalidInput, match="four lags"):
        hurst_ghe(x, max_lag=2)
