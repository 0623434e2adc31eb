"""The planted strategies: every one that looks ahead is found, no clean twin is flagged, whatever the seed."""

import numpy as np
import pandas as pd
import pytest

from augury.testing import PLANTED, PLANTED_STRATEGIES, CausalityPlan, check_causality, planted_inputs

SEEDS = (1, 2)  # seed 0: test_planted
INPUTS = {(takes, seed): planted_inputs(takes, seed=seed) for takes in ("bars", "news", "universe") for seed in SEEDS}


def _plan(seed):
    return CausalityPlan(random_cuts=2, early_cuts=1, event_cuts=2, seed=seed)


EVERY = pytest.mark.parametrize("twins", PLANTED_STRATEGIES.values(), ids=PLANTED_STRATEGIES)
EVERY_SEED = pytest.mark.parametrize("seed", SEEDS)


def test_there_are_at_least_twenty_strategies_of_all_three_kinds_and_one_bar_leaks_among_them():
    assert set(PLANTED_STRATEGIES) <= set(PLANTED)
    assert len(PLANTED_STRATEGIES) >= 20
    assert {twins.takes for twins in PLANTED_STRATEGIES.values()} == {"bars", "news", "universe"}
    assert sum(twins.lag_bars == 1 for twins in PLANTED_STRATEGIES.values()) >= 5


@EVERY
def test_both_twins_hold_finite_positions_that_change(twins):
    inputs = planted_inputs(twins.takes, seed=0)
    for subject in (twins.leaky, twins.clean):
        held = np.asarray(subject(*inputs), dtype=np.float64)
        assert np.isfinite(held).all()
        assert np.abs(held).max() <= 1.0 + 1e-12
        assert len(np.unique(held)) >= 2 or twins.takes == "universe" or twins.name == "size_from_whole_kelly"
        longest = max(len(frame) for frame in inputs[0].values()) if twins.takes == "universe" else len(inputs[0])
        assert len(held) == longest


@EVERY_SEED
@EVERY
def test_the_strategy_that_looks_ahead_is_found(twins, seed):
    report = check_causality(twins.leaky, *INPUTS[twins.takes, seed], plan=_plan(seed))
    assert report.leaks, str(report)
    assert report.leaks[0].lag_bars >= 1
    if twins.lag_bars is not None:
        assert report.leaks[0].lag_bars <= twins.lag_bars


@EVERY_SEED
@EVERY
def test_its_clean_twin_is_not_flagged(twins, seed):
    report = check_causality(twins.clean, *INPUTS[twins.takes, seed], plan=_plan(seed))
    assert report.causal, str(report)
    assert not report.unproven


def test_a_close_of_the_same_bar_may_be_used():
    bars = planted_inputs("bars", seed=0)[0]
    report = check_causality(lambda frame: pd.Series(frame["close"] > frame["open"]).astype(float), bars)
    assert report.causal
