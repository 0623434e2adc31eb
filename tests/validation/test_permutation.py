"""Permutation tests: right size under no structure, power where there is some, refusal where they say nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.validation import PermutationSpec, judge_null, permutation_test, permuted_bars, rejection_rates

LOOKBACKS = (2, 3, 5, 8, 13, 21)


def gain(closes, lookback):
    """Log gain of holding in the direction of the last `lookback` bars."""
    moves = np.diff(np.log(closes))
    held = np.sign(closes[lookback:-1] - closes[: -lookback - 1])
    return float(held @ moves[lookback:])


def best_gain(*markets):
    """The whole optimisation: the best look-back, one for all markets."""
    return max(sum(gain(market[3], lookback) for market in markets) for lookback in LOOKBACKS)


def test_the_test_of_a_whole_search_keeps_its_size_and_a_tuned_parameter_kept_fixed_does_not(random_bars):
    spec = PermutationSpec(permutations=39)

    def searched(bars):
        return permutation_test(best_gain, bars, spec).p_value

    def tuned(bars):
        best = max(LOOKBACKS, key=lambda lookback: gain(bars[3], lookback))
        return permutation_test(lambda market: gain(market[3], best), bars, spec).p_value

    def simulate(rng):
        return random_bars(150, int(rng.integers(2**31)))

    honest = rejection_rates(searched, simulate, 200, levels=(0.05, 0.1), seed=1)
    naive = rejection_rates(tuned, simulate, 200, levels=(0.05, 0.1), seed=1)
    assert not honest.exceeds(0.05)
    assert not honest.exceeds(0.1)
    assert naive.exceeds(0.05)
    assert naive.rates[0] > 2 * honest.rates[0]


def test_a_planted_momentum_is_found(random_bars):
    found = [
        permutation_test(best_gain, random_bars(400, seed, memory=0.3), PermutationSpec(permutations=99)).p_value
        for seed in range(20)
    ]
    assert sum(p_value <= 0.05 for p_value in found) >= 18


def test_the_walk_forward_form_leaves_the_training_window_alone(random_bars):
    bars = random_bars(300, 5, memory=0.4)
    seen = []

    def statistic(market):
        seen.append(market[:, :150].copy())
        best = max(LOOKBACKS, key=lambda lookback: gain(market[3, :150], lookback))
        return gain(market[3, 150:], best)

    found = permutation_test(statistic, bars, PermutationSpec(permutations=99, start_index=150))
    assert found.p_value <= 0.05
    assert all((window == bars[:, :150]).all() for window in seen)
    assert found.start_index == 150


def test_several_markets_share_the_order_and_keep_their_correlation(random_bars):
    first = random_bars(600, 1)
    second = first.copy()
    second[:4] *= 2.0
    shuffled = permuted_bars([first, second], PermutationSpec(permutations=19), seed=3, index=7)
    np.testing.assert_allclose(shuffled[1][:4], 2.0 * shuffled[0][:4], rtol=1e-9)
    assert permutation_test(best_gain, [first, second], PermutationSpec(permutations=19)).markets == 2


def test_a_statistic_blind_to_order_is_refused_not_called_insignificant(random_bars):
    found = permutation_test(lambda market: float(market[3, -1] / market[3, 0]), random_bars(100, 2))
    assert "order" in found.reason
    assert np.isnan(found.p_value)
    assert found.exceedances == found.permutations


def test_an_undefined_statistic_refuses_and_undefined_permutations_count_against(random_bars):
    bars = random_bars(100, 2)
    assert "undefined" in permutation_test(lambda _: float("nan"), bars).reason
    calls = iter(range(1000))

    def sometimes(market):
        return 1.0 if (call := next(calls)) == 0 else float("nan") if call % 2 else 0.0

    found = permutation_test(sometimes, bars, PermutationSpec(permutations=100))
    assert found.undefined == found.exceedances == 50
    assert found.p_value == pytest.approx(51 / 101)


def test_stopping_early_gives_besag_and_cliffords_p_value_on_the_same_permutations(random_bars):
    bars = random_bars(200, 8)
    full = permutation_test(best_gain, bars, PermutationSpec(permutations=300))
    early = permutation_test(best_gain, bars, PermutationSpec(permutations=300, stop_at=20))
    assert early.stopped
    assert early.permutations < 300
    assert (early.null == full.null[: early.permutations]).all()
    assert early.p_value == 20 / early.permutations
    assert early.p_value == pytest.approx(full.p_value, abs=0.25)
    again = judge_null(full.observed, full.null, PermutationSpec(permutations=300, stop_at=20), seed=0, shape=(200, 1))
    assert again == early


def test_p_values_are_one_sided_and_count_the_history_itself():
    null = np.arange(99.0)
    spec = PermutationSpec(permutations=99)
    assert judge_null(1000.0, null, spec, seed=0, shape=(1, 1)).p_value == 0.01
    assert judge_null(-1000.0, null, spec, seed=0, shape=(1, 1)).p_value == 1.0
    assert judge_null(98.0, null, spec, seed=0, shape=(1, 1)).p_value == 0.02


def test_threads_and_progress_change_nothing(random_bars):
    bars = random_bars(120, 1)
    spec = PermutationSpec(permutations=40, stop_at=15)
    tracked = []

    def track(numbers):
        for number in numbers:
            tracked.append(number)
            yield number

    one = permutation_test(best_gain, bars, spec, seed=4)
    two = permutation_test(best_gain, bars, spec, seed=4, threads=2, track=track)
    assert one == two
    assert (one.null == two.null).all()
    assert tracked == sorted(tracked)


def test_a_generator_draws_a_seed_that_repeats_the_result(random_bars):
    bars = random_bars(120, 1)
    spec = PermutationSpec(permutations=19)
    drawn = permutation_test(best_gain, bars, spec, seed=np.random.default_rng(5))
    assert permutation_test(best_gain, bars, spec, seed=drawn.seed).p_value == drawn.p_value
    assert json.loads(json.dumps(drawn.to_dict()))["seed"] == drawn.seed


def test_bad_input_is_refused_in_words(random_bars):
    bars = random_bars(100, 1)
    with pytest.raises(InvalidInput, match="at least 10 blocks"):
        permutation_test(best_gain, bars, PermutationSpec(start_index=95))
    with pytest.raises(InvalidInput, match="one n for all"):
        permutation_test(best_gain, [bars, bars[:, :50]])
    with pytest.raises(InvalidInput, match="above 0"):
        permutation_test(best_gain, -bars)
    with pytest.raises(InvalidInput, match="finite"):
        permutation_test(best_gain, np.where(bars == bars[3, 7], np.nan, bars))
