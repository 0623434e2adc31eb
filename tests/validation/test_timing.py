"""Timing and sign tests: exact where they can be, of the right size, with power."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import permutation_test as scipy_permutation_test

from augury.errors import InvalidInput
from augury.validation import TimingSpec, rejection_rates, sign_test, timing_test, win_rate_test
from augury.validation.timing_kernels import holding_runs, random_entry_profits, shifted_profits


def sticky(rng, bars, stay=0.9, states=(-1.0, 0.0, 1.0)):
    """Positions that last about ten bars."""
    held = np.empty(bars)
    held[0] = 0.0
    for t in range(1, bars):
        held[t] = held[t - 1] if rng.random() < stay else rng.choice(states)
    return held


@pytest.mark.parametrize("null", ["shift", "entries"])
def test_positions_unrelated_to_returns_are_called_significant_no_more_often_than_stated(null):
    def simulate(rng):
        return sticky(rng, 250), rng.standard_t(4, 250) * 0.01

    spec = TimingSpec(null=null, repetitions=199)
    found = rejection_rates(lambda pair: timing_test(*pair, spec).p_value, simulate, 300, levels=(0.05, 0.1), seed=2)
    assert not found.exceeds(0.05)
    assert not found.exceeds(0.1)
    assert found.rates[1] > 0.04


@pytest.mark.parametrize("null", ["shift", "entries"])
def test_positions_that_know_the_drift_are_found(null):
    def simulate(rng):
        held = sticky(rng, 500)
        return held, 0.002 * held + rng.normal(0.0, 0.01, 500)

    found = rejection_rates(
        lambda pair: timing_test(*pair, TimingSpec(null=null, repetitions=199)).p_value, simulate, 50, seed=3
    )
    assert found.rates[1] >= 0.9


def test_always_long_in_a_rising_market_has_no_timing():
    returns = np.random.default_rng(0).normal(0.002, 0.01, 300)
    found = timing_test(np.ones(300), returns)
    assert "never changes" in found.reason
    assert np.isnan(found.p_value)
    mostly = np.ones(300)
    mostly[::30] = 0.0
    assert timing_test(mostly, returns).p_value > 0.05


def test_shifted_profits_are_those_of_rolled_positions():
    rng = np.random.default_rng(1)
    held, returns = rng.normal(size=50), rng.normal(size=50)
    shifts = np.array([0, 1, 20, 49])
    out = np.empty(4)
    shifted_profits(held, returns, shifts, out)
    np.testing.assert_allclose(out, [np.roll(held, shift) @ returns for shift in shifts], atol=1e-12)


def test_random_entries_keep_the_runs_whole():
    held = np.array([0, 1, 1, 0, 0, -2, -3, 0, 0, 0, 1.0, 0])
    runs = np.empty((2, 12), dtype=np.int64)
    assert holding_runs(held, runs) == 3
    assert runs[:, :3].T.tolist() == [[1, 3], [5, 7], [10, 11]]
    returns = 7.0 ** np.arange(12)  # digits tell where each position lies
    out = np.empty(300)
    random_entry_profits(held, returns, np.ascontiguousarray(runs[:, :3]), 5, np.array([0, 300]), out)
    seen = set()
    for total in out:
        digits, rest = [], round(total)
        for _ in range(12):
            digit = (rest + 3) % 7 - 3
            digits.append(digit)
            rest = (rest - digit) // 7
        seen.add(tuple(digits))
        assert sorted(digits) == sorted(held)
        joined = ",".join(str(digit) for digit in digits)
        assert "-2,-3" in joined
        assert "1,1" in joined
    assert len(seen) > 100


def test_few_trades_get_the_exact_p_value_of_every_assignment_of_signs():
    profits = np.array([0.3, -0.1, 0.25, 0.4, 0.05, -0.02, 0.1])
    sums = [np.dot(signs, np.abs(profits)) for signs in product((-1, 1), repeat=7)]
    expected = np.mean(np.array(sums) >= profits.sum() - 1e-12)
    assert sign_test(profits).p_value == expected
    oracle = scipy_permutation_test(
        (profits,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert sign_test(profits).p_value == pytest.approx(oracle.pvalue)


def test_more_trades_are_sampled_and_agree_with_the_enumeration():
    profits = np.random.default_rng(0).normal(0.3, 1.0, 16)
    exact = sign_test(profits).p_value
    copies = np.concatenate([profits, [1e-12]])
    assert sign_test(copies, repetitions=20000).p_value == pytest.approx(exact, abs=0.012)


def test_four_trades_cannot_be_significant_and_are_refused():
    assert "5" in sign_test(np.ones(4)).reason
    assert sign_test(np.ones(5)).p_value == 1 / 32


def test_the_sign_test_keeps_its_size_and_finds_an_edge():
    null = rejection_rates(
        lambda x: sign_test(x).p_value, lambda rng: rng.standard_t(3, 12), 500, levels=(0.05,), seed=1
    )
    assert not null.exceeds(0.05)
    edge = rejection_rates(
        lambda x: sign_test(x).p_value, lambda rng: rng.normal(1, 1, 12), 100, levels=(0.05,), seed=1
    )
    assert edge.rates[0] > 0.85


def test_a_win_rate_is_judged_against_its_break_even():
    assert win_rate_test(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert np.isnan(win_rate_test(0, 0, 0.5))


def test_short_or_unequal_series_are_refused():
    with pytest.raises(InvalidInput, match="as many positions as returns"):
        timing_test(np.ones(10), np.ones(11))
    assert "shifts" in timing_test(np.arange(40.0), np.ones(40), TimingSpec(smallest_shift=15)).reason
    assert "flat" in timing_test(np.resize([1.0, -1.0], 100), np.ones(100), TimingSpec(null="entries")).reason
