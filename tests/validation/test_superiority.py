"""Reality check, SPA and StepM: against arch, against theory, with size and power."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import SPA, StepM

from augury.errors import InvalidInput
from augury.validation import SuperioritySpec, rejection_rates, superiority_test
from augury.validation.bootstrap_kernels import STATIONARY, resample_places
from augury.validation.random_streams import stream_base
from augury.validation.superiority_kernels import bootstrap_means, long_run_variances


def noise(rng, strategies=30, bars=400):
    return rng.normal(0.0, 0.01, size=(strategies, bars))


def test_p_values_and_winners_are_those_of_arch_up_to_the_draws():
    for seed, gain in enumerate([0.0, 0.0008, 0.002]):
        rng = np.random.default_rng(seed)
        returns, benchmark = noise(rng, 40, 800), rng.normal(0.0, 0.005, 800)
        returns[:15] -= 0.002  # poor ones, which the consistent version leaves out
        returns[20] += gain
        returns[21] += gain
        spec = SuperioritySpec(replications=3000, block_bars=4, studentized=False)
        found = superiority_test(returns, benchmark, spec)
        oracle = SPA(-benchmark, -returns.T, block_size=4, reps=3000, seed=1)
        oracle.compute()
        for name in ("lower", "consistent", "upper"):
            expected = float(oracle.pvalues[name])
            assert getattr(found, f"p_{name}") == pytest.approx(expected, abs=0.035)
        steps = StepM(-benchmark, -returns.T, block_size=4, reps=3000, seed=1)
        steps.compute()
        assert list(found.winners) == list(steps.superior_models)


def test_resampled_means_are_those_of_the_same_places():
    values = np.random.default_rng(0).normal(size=(120, 70))
    out = np.zeros((9, 70))
    bootstrap_means(values, 5.0, 3, np.array([2, 9]), out)
    places = np.empty(120, dtype=np.int64)
    for row in range(2, 9):
        resample_places(STATIONARY, 5.0, stream_base(3, row), places)
        np.testing.assert_allclose(out[row], values[places].mean(axis=0), atol=1e-13)
    assert (out[:2] == 0.0).all()


def test_long_run_variances_are_those_of_arch_and_of_the_resamples(autoregression):
    values = np.vstack([autoregression(500, seed, memory) for seed, memory in enumerate([0.0, 0.5, -0.4])])
    out = np.empty(3)
    long_run_variances(values, 6.0, np.array([0, 3]), out)
    oracle = SPA(np.zeros(500), values.T, block_size=6, reps=5, seed=0)
    oracle.compute()
    np.testing.assert_allclose(out, oracle._loss_diff_var, rtol=1e-8)
    means = np.empty((4000, 3))
    bootstrap_means(np.ascontiguousarray(values.T), 6.0, 1, np.array([0, 4000]), means)
    np.testing.assert_allclose(500 * means.var(axis=0), out, rtol=0.12)


def test_searching_noise_is_called_superior_no_more_often_than_stated():
    spec = SuperioritySpec(replications=199)
    found = {
        name: rejection_rates(
            lambda returns, name=name: getattr(superiority_test(returns, None, spec, threads=1), name),
            noise,
            200,
            levels=(0.05, 0.1),
            seed=1,
        )
        for name in ("p_consistent", "p_upper", "p_reality_check")
    }
    for rates in found.values():
        assert not rates.exceeds(0.05)
        assert not rates.exceeds(0.1)


def test_autocorrelated_noise_is_called_superior_more_often_than_stated_by_no_more_than_the_docstring_says(
    autoregression,
):
    def simulate(memory):
        return lambda rng: np.vstack([autoregression(500, int(rng.integers(2**31)), memory) for _ in range(30)])

    def p_value(returns):
        return superiority_test(returns, None, SuperioritySpec(replications=199), threads=1).p_consistent

    mild, strong = (rejection_rates(p_value, simulate(memory), 150, levels=(0.05,), seed=1) for memory in (0.3, 0.6))
    assert mild.lower[0] <= 0.09
    assert strong.lower[0] <= 0.16


def test_a_planted_edge_is_found_and_named():
    def edge(rng):
        returns = noise(rng, 30, 750)
        returns[11] += 0.002
        return returns

    spec = SuperioritySpec(replications=199)
    rates = rejection_rates(lambda returns: superiority_test(returns, None, spec).p_consistent, edge, 40, seed=2)
    assert rates.rates[1] >= 0.9
    found = superiority_test(edge(np.random.default_rng(3)))
    assert found.winners == (11,)
    assert found.best == 11


def test_poor_strategies_cost_the_consistent_version_less_than_the_upper():
    returns = noise(np.random.default_rng(5), 100, 500)
    returns[1:] -= 0.01
    returns[0] += 0.001
    found = superiority_test(returns)
    assert found.p_lower <= found.p_consistent < found.p_upper


def test_a_volatile_strategy_drowns_the_others_unless_studentized():
    returns = noise(np.random.default_rng(6), 20, 750)
    returns[3] += 0.0015
    returns[9] *= 30.0
    assert superiority_test(returns).p_consistent < 0.05
    assert superiority_test(returns, None, SuperioritySpec(studentized=False)).p_consistent > 0.2


def test_strategies_worse_than_the_benchmark_are_never_significant():
    returns = noise(np.random.default_rng(7)) - 0.01
    found = superiority_test(returns)
    assert found.p_consistent == found.p_lower == 1.0
    assert found.winners == ()


def test_threads_and_idle_strategies_change_nothing():
    returns = noise(np.random.default_rng(8), 70, 300)
    one, two = (superiority_test(returns, threads=threads) for threads in (1, 2))
    assert one == two
    with_idle = superiority_test(
        np.vstack([np.zeros((2, 300)), returns]), None, SuperioritySpec(block_bars=one.block_bars)
    )
    assert with_idle.p_consistent == one.p_consistent
    assert with_idle.best == one.best + 2
    assert with_idle.usable == 70


def test_what_cannot_be_tested_is_refused():
    assert "at least 30" in superiority_test(np.ones((3, 20))).reason
    market = np.random.default_rng(0).normal(size=100)
    found = superiority_test(np.vstack([market, market]), market)
    assert "differs" in found.reason
    assert found.to_dict()["p_consistent"] is None
    with pytest.raises(InvalidInput, match="benchmark of 100 bars"):
        superiority_test(market[None, :], market[:50])
