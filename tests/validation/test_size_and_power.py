"""The counter of rejections, and the promotion rule, on data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from augury.validation import Tests, effective_trials, gather_evidence, rejection_rates, superiority_test, trial_sharpes


def test_rates_are_counts_with_exact_bounds():
    values = iter(np.linspace(0.0, 1.0, 101))
    found = rejection_rates(lambda p: p, lambda _: next(values), 101, levels=(0.05, 0.5))
    assert found.rates == (6 / 101, 51 / 101)
    oracle = binomtest(6, 101).proportion_ci(0.95)
    assert (found.lower[0], found.upper[0]) == pytest.approx((oracle.low, oracle.high))
    assert not found.exceeds(0.05)


def test_undefined_p_values_reject_nothing():
    found = rejection_rates(lambda p: p, lambda _: math.nan, 20)
    assert found.undefined == 20
    assert found.rates == (0.0, 0.0, 0.0)
    assert found.lower == (0.0, 0.0, 0.0)
    assert rejection_rates(lambda p: p, lambda _: 0.0, 20).upper == (1.0, 1.0, 1.0)


def test_each_data_set_has_a_stream_of_its_own_and_the_seed_repeats_it():
    seen = []
    for _ in range(2):
        rejection_rates(lambda p: seen.append(p) or p, lambda rng: rng.random(), 10, seed=3)
    assert seen[:10] == seen[10:]
    assert len(set(seen)) == 10


def crossovers(rng, pairs=60, bars=1000):
    """Returns of moving-average rules on one random walk, in rows: correlated as rules of one family are."""
    moves = rng.normal(0.0, 0.01, bars)
    sums = np.concatenate([[0.0], np.cumsum(np.cumsum(moves))])
    prices = np.cumsum(moves)
    averages = {}
    for window in range(2, 42, 2):
        averages[window] = np.convolve(prices, np.ones(window) / window)[:bars]
    chosen = [(fast, slow) for fast in averages for slow in averages if fast < slow][:pairs]
    held = np.array([np.sign(averages[fast] - averages[slow]) for fast, slow in chosen])
    held[:, :42] = 0.0
    assert sums.size == bars + 1
    return held[:, :-1] * moves[1:]


def test_the_best_of_correlated_rules_on_noise_is_rarely_called_real_where_a_naive_look_often_is():
    def best(returns):
        return returns[np.nanargmax(trial_sharpes(returns))]

    def deflated(returns):
        found = gather_evidence(best(returns), Tests(effective=effective_trials(returns)), trials=len(returns))
        return 1.0 - found.deflated_sharpe

    def naive(returns):
        return 1.0 - gather_evidence(best(returns), trials=1).probabilistic_sharpe

    def superior(returns):
        return superiority_test(returns, threads=1).p_consistent

    assert not rejection_rates(deflated, crossovers, 80, levels=(0.05,), seed=1).exceeds(0.05)
    assert not rejection_rates(superior, crossovers, 40, levels=(0.05,), seed=1).exceeds(0.05)
    assert rejection_rates(naive, crossovers, 80, levels=(0.05,), seed=1).rates[0] > 0.15
