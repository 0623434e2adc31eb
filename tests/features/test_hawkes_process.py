"""The Hawkes fit against a quadratic-time likelihood, numerical derivatives, SciPy, another library and simulation."""

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from threadpoolctl import threadpool_limits

from augury.errors import InvalidInput, NotEnoughData
from augury.features.hawkes_process import (
    HawkesFitSpec,
    compensator_increments,
    fit_hawkes,
    log_likelihood,
    log_likelihood_gradient,
)
from augury.numerics.hawkes_likelihood import hawkes_gradient, hawkes_log_likelihood
from augury.testing.generators.hawkes_process import HawkesTruth, hawkes_residuals, hawkes_times

ANY = HawkesFitSpec(min_events=2)


def quadratic_log_likelihood(times, horizon, mu, branching, decay):
    """The definition, term by term."""
    total = -mu * horizon
    for i, time in enumerate(times):
        excitation = sum(math.exp(-decay * (time - earlier)) for earlier in times[:i])
        total += math.log(mu + branching * decay * excitation)
        total -= branching * (1.0 - math.exp(-decay * (horizon - time)))
    return total


def scipy_fit(times, horizon, spec):
    """L-BFGS-B from six starts with the analytic gradient; the best log-likelihood and its parameters."""
    gradient = np.empty(3)

    def loss(p):
        hawkes_gradient(times, horizon, p[0], p[1], p[2], gradient)
        return -hawkes_log_likelihood(times, horizon, p[0], p[1], p[2]), -gradient.copy()

    bounds = [(1e-8, None), (0.0, spec.branching_max), (spec.decay_min, spec.decay_max)]
    found = []
    for branching in (0.2, 0.6):
        for decay in np.geomspace(spec.decay_min * 1.5, spec.decay_max * 0.7, 3):
            start = [len(times) / horizon * (1 - branching), branching, decay]
            options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500}
            with threadpool_limits(1):  # two BLAS threads on three parameters only wait for each other
                result = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
            found.append((-result.fun, *result.x))
    return max(found)


def on_grid(times):
    return np.unique(np.floor(times)) + 0.5


def independent(rng, horizon):
    return np.sort(rng.choice(int(horizon), int(rng.integers(20, 50)), replace=False)) + 0.5


def exact_times(rng, horizon):
    return hawkes_times(horizon, HawkesTruth(base_rate=0.06, branching_ratio=0.6, decay=0.3), seed=rng)


def near_critical(rng, horizon):
    truth = HawkesTruth(base_rate=0.04, branching_ratio=0.9, decay=float(rng.uniform(0.02, 2.0)))
    return on_grid(hawkes_times(horizon, truth, seed=rng))


def one_block(rng, horizon):
    first = int(rng.integers(0, 60))
    return np.arange(first, first + int(rng.integers(20, 40))) + 0.5


def late_block(rng, horizon):
    return np.arange(int(horizon) - int(rng.integers(20, 40)), int(horizon)) + 0.5


def few_bursts(rng, horizon):
    starts = rng.integers(0, int(horizon) - 40, 3)
    return on_grid(np.sort(np.concatenate([rng.integers(a, a + int(rng.integers(6, 40)), 12) for a in starts])))


SAMPLES = [independent, exact_times, near_critical, one_block, late_block, few_bursts]


def test_the_published_vector_is_reproduced():
    times = [1, 1.5, 2, 5, 5.2, 9]
    assert log_likelihood(times, 10, mu=0.3, branching=0.5, decay=1.2) == pytest.approx(-10.2268806511, abs=5e-11)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.01, 30.0), min_size=1, max_size=40),
    st.floats(0.01, 3.0),
    st.floats(0.0, 0.99),
    st.floats(0.02, 5.0),
)
def test_the_linear_likelihood_equals_the_quadratic_definition(gaps, mu, branching, decay):
    times = np.cumsum(gaps)
    horizon = times[-1] + 1.0
    expected = quadratic_log_likelihood(times.tolist(), horizon, mu, branching, decay)
    assert log_likelihood(times, horizon, mu=mu, branching=branching, decay=decay) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("parameters", [(0.3, 0.5, 1.2), (0.02, 0.95, 0.03), (0.5, 0.01, 0.9)])
def test_the_gradient_equals_central_differences(parameters):
    times = hawkes_times(300.0, seed=1)
    names = ("mu", "branching", "decay")
    gradient = log_likelihood_gradient(times, 300.0, **dict(zip(names, parameters, strict=True)))
    for i, name in enumerate(names):
        step = 1e-6 * parameters[i]
        values = dict(zip(names, parameters, strict=True))
        above = log_likelihood(times, 300.0, **(values | {name: parameters[i] + step}))
        below = log_likelihood(times, 300.0, **(values | {name: parameters[i] - step}))
        assert gradient[i] == pytest.approx((above - below) / (2 * step), rel=2e-5, abs=1e-4)


def test_the_first_event_is_in_the_compensator():
    # one event at 0, kernel mass n (1 - exp(-b T)) must be charged although nothing follows
    value = log_likelihood([0.0], 10.0, mu=0.2, branching=0.5, decay=1.0)
    assert value == pytest.approx(math.log(0.2) - 2.0 - 0.5 * (1.0 - math.exp(-10.0)), rel=1e-14)


def test_the_compensator_of_all_gaps_and_the_rest_is_that_of_the_likelihood():
    times = hawkes_times(200.0, seed=2)
    mu, branching, decay = 0.1, 0.5, 0.5
    increments = compensator_increments(times, mu=mu, branching=branching, decay=decay)
    np.testing.assert_allclose(
        increments,
        hawkes_residuals(times, HawkesTruth(base_rate=mu, branching_ratio=branching, decay=decay)),
        rtol=1e-12,
    )
    expected = mu * times[-1] + branching * np.sum(1.0 - np.exp(-decay * (times[-1] - times)))
    assert increments.sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_optimum_equals_the_best_of_six_scipy_searches(sample):
    rng = np.random.default_rng(20)
    at_ceiling = at_zero = 0
    for _ in range(12):
        horizon = float(rng.integers(100, 500))
        times = sample(rng, horizon)
        if len(times) < 5:
            continue
        fit = fit_hawkes(times, horizon, ANY)
        best = scipy_fit(times, horizon, ANY)[0]
        assert fit.converged
        assert fit.log_likelihood == pytest.approx(best, rel=1e-8)
        at_ceiling += fit.branching == ANY.branching_max
        at_zero += fit.branching == 0.0
    if sample is late_block:
        assert at_ceiling > 0
    if sample is independent:
        assert at_zero > 0


def test_no_denser_search_finds_a_better_optimum():
    rng = np.random.default_rng(5)
    dense = ANY.replace(starts=200)
    for k in range(400):
        horizon = float(rng.integers(100, 500))
        times = SAMPLES[k % len(SAMPLES)](rng, horizon)
        if len(times) < 20:
            continue
        here = fit_hawkes(times, horizon, ANY).log_likelihood
        assert here >= fit_hawkes(times, horizon, dense).log_likelihood - 1e-9 * abs(here)


def test_the_likelihood_ratio_compares_with_a_poisson_process():
    times = hawkes_times(400.0, seed=3)
    fit = fit_hawkes(times, 400.0)
    poisson = len(times) * math.log(len(times) / 400.0) - len(times)
    assert fit.likelihood_ratio == pytest.approx(2 * (fit.log_likelihood - poisson), rel=1e-12)
    assert fit.log_likelihood == pytest.approx(
        log_likelihood(times, 400.0, mu=fit.mu, branching=fit.branching, decay=fit.decay), rel=1e-12
    )


def test_clustering_needs_a_large_branching_and_a_large_likelihood_ratio():
    rng = np.random.default_rng(14)
    seen = set()
    for k in range(300):
        horizon = float(rng.integers(100, 500))
        times = SAMPLES[k % len(SAMPLES)](rng, horizon)
        if len(times) < 5:
            continue
        fit = fit_hawkes(times[: 5 + k % 30], horizon, ANY)  # few events: a large branching proves nothing
        facts = (fit.branching > 0.5, fit.likelihood_ratio > 2.71)
        assert fit.clustering == all(facts)
        seen.add(facts)
    assert {(False, False), (False, True), (True, False), (True, True)} == seen


def test_another_library_finds_the_same_maximum(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)  # the peer compiles for half a minute; plain Python will do
    inference = pytest.importorskip("HawkesPyLib.inference", reason="HawkesPyLib (extra 'peers') is not installed")
    times = hawkes_times(3000.0, HawkesTruth(base_rate=0.2, branching_ratio=0.6, decay=1.5), seed=4)
    peer = inference.ExpHawkesProcessInference(rng=np.random.default_rng(0))
    mu, branching, scale = peer.estimate(times, 3000.0, return_params=True)
    fit = fit_hawkes(times, 3000.0, HawkesFitSpec(decay_max=10.0), jitter=0.0)
    assert (fit.mu, fit.branching, 1 / fit.decay) == pytest.approx((mu, branching, scale), rel=5e-3)
    theirs = log_likelihood(times, 3000.0, mu=mu, branching=branching, decay=1 / scale)
    assert fit.log_likelihood == pytest.approx(theirs, abs=1e-3)
    assert fit.log_likelihood >= theirs


def test_known_parameters_are_recovered_from_a_long_path():
    truth = HawkesTruth(base_rate=0.1, branching_ratio=0.6, decay=0.4)
    fit = fit_hawkes(hawkes_times(40_000.0, truth, seed=6), 40_000.0, jitter=0.0)
    assert (fit.mu, fit.branching, fit.decay) == pytest.approx((0.1, 0.6, 0.4), rel=0.06)
    assert fit.mean_rate == pytest.approx(0.25, rel=0.05)
    assert fit.half_life == pytest.approx(math.log(2) / fit.decay)
    assert fit.ks_p_value > 0.05


def test_without_bounds_on_the_decay_noise_looks_critical():
    # why the bounds exist: a nearly flat kernel explains any drift of the rate
    rng = np.random.default_rng(8)
    loose = HawkesFitSpec(decay_min=1e-4, decay_max=20.0)
    bounded, unbounded = [], []
    for _ in range(150):
        times = np.flatnonzero(rng.random(500) < 0.1) + 0.5
        bounded.append(fit_hawkes(times, 500.0).branching)
        unbounded.append(fit_hawkes(times, 500.0, loose).branching)
    assert np.mean(bounded) < 0.1
    assert np.quantile(bounded, 0.95) < 0.45
    assert np.mean(unbounded) > 0.2
    assert np.quantile(unbounded, 0.95) > 0.9


def test_the_goodness_of_fit_p_value_equals_scipys():
    times = hawkes_times(500.0, seed=9)
    fit = fit_hawkes(times, 500.0, jitter=0.0)
    increments = compensator_increments(times, mu=fit.mu, branching=fit.branching, decay=fit.decay)
    assert fit.ks_p_value == pytest.approx(stats.kstest(increments, "expon").pvalue, abs=0.015)


def test_jitter_makes_the_goodness_of_fit_test_hold_its_size_on_grid_times():
    rng = np.random.default_rng(10)
    rejected = {0.0: 0, 1.0: 0}
    for path in range(200):
        times = np.flatnonzero(rng.random(500) < 0.1) + 0.5
        for jitter in rejected:
            rejected[jitter] += fit_hawkes(times, 500.0, jitter=jitter, seed=path).ks_p_value < 0.05
    assert rejected[1.0] <= 10  # at most 5 %; fitted parameters make it conservative
    regular = fit_hawkes(np.arange(5, 500, 10) + 0.5, 500.0)
    assert regular.ks_p_value < 1e-4  # a clock is no Poisson process


def test_the_fit_is_deterministic_and_its_seed_only_moves_the_p_value():
    times = on_grid(hawkes_times(500.0, seed=11))
    first, again, other = (fit_hawkes(times, 500.0, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.ks_p_value != other.ks_p_value
    assert (first.mu, first.branching, first.decay) == (other.mu, other.branching, other.decay)
    assert fit_hawkes(times, 500.0, seed=np.random.default_rng(1)).ks_p_value == first.ks_p_value


def test_a_branching_of_zero_leaves_the_decay_unknown():
    fit = fit_hawkes(np.arange(5, 500, 10) + 0.5, 500.0)
    assert fit.branching == 0.0
    assert math.isnan(fit.decay)
    assert math.isnan(fit.half_life)
    assert fit.likelihood_ratio == 0.0
    assert fit.mu == pytest.approx(0.1)
    assert not fit.clustering


def test_events_in_every_bar_are_a_poisson_process_of_rate_one():
    fit = fit_hawkes(np.arange(500) + 0.5, 500.0)
    assert fit.mean_rate == pytest.approx(1.0, rel=0.05)
    assert fit.converged


def test_an_event_at_the_horizon_is_accepted():
    times = np.append(hawkes_times(300.0, seed=12), 300.0)
    assert fit_hawkes(times, 300.0).log_likelihood == pytest.approx(scipy_fit(times, 300.0, ANY)[0], rel=1e-8)


def test_ten_thousand_events_are_fitted():
    times = hawkes_times(20_000.0, HawkesTruth(base_rate=0.2, branching_ratio=0.6, decay=0.8), seed=13)
    assert len(times) > 9_000
    assert fit_hawkes(times, 20_000.0).converged


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 20.0))
def test_changing_the_unit_of_time_changes_only_the_units(seed, unit):
    times = hawkes_times(200.0, seed=seed)
    if len(times) < 20:
        return
    spec = HawkesFitSpec()
    scaled = HawkesFitSpec(decay_min=spec.decay_min / unit, decay_max=spec.decay_max / unit)
    here = fit_hawkes(times, 200.0, spec)
    there = fit_hawkes(times * unit, 200.0 * unit, scaled)
    assert there.likelihood_ratio == pytest.approx(here.likelihood_ratio, rel=1e-6, abs=1e-8)
    assert there.mu * unit == pytest.approx(here.mu, rel=1e-4)


@pytest.mark.parametrize(
    ("times", "horizon", "message"),
    [
        ([3.0, 2.0, 4.0], 10.0, "increase strictly"),
        ([1.0, 1.0], 10.0, "increase strictly"),
        ([1.0, 11.0], 10.0, "lie in"),
        ([-1.0, 2.0], 10.0, "lie in"),
        ([1.0, float("nan")], 10.0, "finite"),
        ([[1.0], [2.0]], 10.0, "one-dimensional"),
        ([1.0, 2.0], 0.0, "horizon"),
        ([1.0, 2.0], float("nan"), "horizon"),
        ([1.0, 2.0], 1e9, "horizon"),
    ],
)
def test_bad_times_and_horizons_are_refused(times, horizon, message):
    with pytest.raises(InvalidInput, match=message):
        fit_hawkes(times, horizon, ANY)


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_events_are_refused_and_never_a_branching_of_zero(count):
    with pytest.raises(NotEnoughData, match=f"at least 20 events; got {count}"):
        fit_hawkes(np.arange(count) * 5.0, 500.0)


@pytest.mark.parametrize("parameters", [(0.0, 0.5, 1.0), (0.1, -0.1, 1.0), (0.1, 0.5, 0.0), (float("nan"), 0.5, 1.0)])
def test_parameters_outside_the_model_are_refused(parameters):
    with pytest.raises(InvalidInput, match="mu > 0"):
        log_likelihood([1.0, 2.0], 3.0, mu=parameters[0], branching=parameters[1], decay=parameters[2])


def test_bounds_that_cross_are_refused():
    with pytest.raises(InvalidInput, match="decay_max must lie above decay_min"):
        HawkesFitSpec(decay_min=2.0)
