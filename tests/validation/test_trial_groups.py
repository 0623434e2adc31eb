"""Variants of one idea count as one trial, strangers as many."""

from __future__ import annotations

import numpy as np
import pytest

from augury.validation import TrialsSpec, effective_trials, expected_max_sharpe, trial_sharpes

GROUPINGS = ("maximum", "clusters", "leaders", "spectrum")


def families(families, members, periods, seed=0, noise=0.3):
    rng = np.random.default_rng(seed)
    parents = np.repeat(rng.normal(size=(families, periods)), members, axis=0)
    return parents + noise * rng.normal(size=parents.shape)


@pytest.mark.parametrize("grouping", GROUPINGS[1:])
@pytest.mark.parametrize("periods", [64, 500])
def test_families_are_counted_not_their_members(grouping, periods):
    found = effective_trials(families(20, 30, periods), TrialsSpec(grouping=grouping))
    assert found.effective == pytest.approx(20, rel=0.1 if grouping in ("clusters", "leaders") else 0.35)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_strangers_are_counted_one_by_one(grouping):
    noise = np.random.default_rng(1).normal(size=(300, 128))
    assert effective_trials(noise, TrialsSpec(grouping=grouping)).effective == pytest.approx(
        300, rel=0.35 if grouping == "maximum" else 0.06
    )


def test_groups_are_the_planted_ones_whatever_the_order_of_trials():
    order = np.random.default_rng(2).permutation(100)
    returns = families(5, 20, 300)[order]
    for grouping in ("clusters", "leaders"):
        groups = effective_trials(returns, TrialsSpec(grouping=grouping)).groups
        assert all(len(set(groups[order // 20 == family])) == 1 for family in range(5))
        assert len(set(groups)) == 5


def test_one_trial_is_one_and_copies_are_one():
    returns = families(1, 1, 50)
    for grouping in GROUPINGS:
        spec = TrialsSpec(grouping=grouping)
        assert effective_trials(returns, spec).effective == pytest.approx(1.0)
        assert effective_trials(np.repeat(returns, 40, axis=0), spec).effective == pytest.approx(1.0, abs=0.1)
    opposites = np.vstack([returns, -returns])  # the opposite bet is another one
    assert effective_trials(opposites, TrialsSpec(grouping="clusters")).effective == 2.0


def test_scale_and_drift_do_not_change_the_count():
    returns = families(6, 10, 200)
    moved = returns * np.random.default_rng(0).uniform(0.1, 10.0, size=(60, 1)) + 3.0
    for grouping in GROUPINGS:
        spec = TrialsSpec(grouping=grouping)
        assert effective_trials(moved, spec).effective == pytest.approx(effective_trials(returns, spec).effective)


def test_few_periods_raise_the_threshold():
    assert effective_trials(families(5, 5, 10)).threshold > 0.55
    assert effective_trials(families(5, 5, 300)).threshold == 0.5


def test_idle_trials_count_in_neither_number_nor_variance():
    returns = np.vstack([families(4, 5, 100), np.zeros((7, 100))])
    found = effective_trials(returns, TrialsSpec(grouping="clusters"))
    assert found.undefined == 7
    assert (found.groups[20:] == -1).all()
    sharpes = trial_sharpes(returns)
    assert np.isnan(sharpes[20:]).all()
    assert found.sharpe_variance == pytest.approx(np.var(sharpes[:20], ddof=1))


def test_without_enough_to_go_by_nothing_is_counted():
    assert "at least 8" in effective_trials(families(3, 3, 7)).reason
    found = effective_trials(np.zeros((4, 50)))
    assert "no trial" in found.reason
    assert np.isnan(found.effective)
    assert found.to_dict()["effective"] is None


def test_the_count_by_maximum_reproduces_the_expected_best_of_correlated_trials():
    rng = np.random.default_rng(3)
    returns = families(8, 6, 250, noise=1.0)  # correlations of one half within a family
    scores = returns - returns.mean(axis=1, keepdims=True)
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    best = np.linalg.cholesky(scores @ scores.T + 1e-12 * np.eye(48)) @ rng.normal(size=(48, 20000))
    found = effective_trials(returns)
    assert expected_max_sharpe(1.0, found.effective) == pytest.approx(best.max(axis=0).mean(), rel=0.03)
    assert 8 < found.effective < 48


def test_the_count_repeats_with_its_seed():
    returns = families(8, 6, 250, noise=1.0)
    assert effective_trials(returns, seed=4).effective == effective_trials(returns, seed=4).effective
    assert effective_trials(returns, seed=4).effective != effective_trials(returns, seed=5).effective
