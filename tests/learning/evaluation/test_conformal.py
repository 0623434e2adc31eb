"""Conformal coverage with and without drift, and abstention."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.evaluation.abstention import ABSTAIN, decide, fit_abstention
from augury.learning.evaluation.conformal import ConformalSpec, conformal_intervals, conformal_sets

SPLIT = ConformalSpec(kind="split", warm_up=500)


def _binary(rows=4000, seed=0):
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-1.5 * rng.normal(size=rows)))
    return np.column_stack([1 - p, p]), (rng.random(rows) < p).astype(int)


def test_both_kinds_cover_what_they_promise_when_nothing_changes():
    raw, y = _binary()
    for spec in (ConformalSpec(), SPLIT, ConformalSpec(coverage=0.8)):
        found = conformal_sets(raw, y, spec, opened_at=np.arange(4000))
        assert found.coverage == pytest.approx(spec.coverage, abs=0.02)
        assert 1.0 < found.size < 2.0


def test_under_drift_the_adaptive_kind_keeps_its_coverage_and_the_split_one_loses_it():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=4000) * np.where(np.arange(4000) < 1500, 1.0, 3.0)
    adaptive, split = (
        conformal_intervals(np.zeros(4000), noise, spec, opened_at=np.arange(4000), label_end=np.arange(4000) + 5)
        for spec in (ConformalSpec(step=0.02), SPLIT)
    )
    assert adaptive.coverage == pytest.approx(0.9, abs=0.015)
    assert split.coverage < 0.7
    late = (np.abs(noise) <= adaptive.upper)[2500:]
    assert late.mean() == pytest.approx(0.9, abs=0.03)


def test_the_miss_rate_obeys_the_bound_of_the_paper_whatever_the_series():
    rng = np.random.default_rng(2)
    rows, step = 1500, 0.05
    values = np.cumsum(rng.standard_cauchy(rows))
    spec = ConformalSpec(step=step, warm_up=20, window_times=50)
    found = conformal_intervals(np.zeros(rows), values, spec, opened_at=np.arange(rows))
    bound = (max(0.1, 0.9) + 2 * step) / (step * found.judged.sum())
    assert abs(found.coverage - 0.9) <= bound


def test_the_split_threshold_is_the_readable_quantile():
    raw, y = _binary(600)
    found = conformal_sets(raw, y, ConformalSpec(kind="split", warm_up=100), opened_at=np.arange(600))
    scores = np.sort(1.0 - raw[np.arange(100), y[:100]])
    threshold = scores[math.ceil(101 * 0.9) - 1]
    assert np.array_equal(found.sets[100:], (1.0 - raw[100:]) <= threshold)
    assert found.rule.conformal_quantile == threshold
    assert found.sets[:100].all()


def test_the_adaptive_level_is_that_of_a_slow_loop():
    rng = np.random.default_rng(3)
    y = rng.normal(size=300)
    spec = ConformalSpec(warm_up=50, window_times=80, step=0.03)
    found = conformal_intervals(np.zeros(300), y, spec, opened_at=np.arange(300), label_end=np.arange(300) + 2)
    level, bounds = 0.1, {}
    for t in range(300):
        done = t - 3  # its label ended at the bar before this one
        if done >= 50:
            level += 0.03 * (0.1 - (abs(y[done]) > bounds[done]))
        if t >= 50:
            seen = np.sort(np.abs(y[max(t - 82, 0) : t - 2]))
            k = math.ceil((len(seen) + 1) * (1 - level))
            bounds[t] = math.inf if k > len(seen) else seen[k - 1] if k >= 1 else -math.inf
            assert found.level[t] == pytest.approx(level)
            assert found.upper[t] == pytest.approx(bounds[t])


def test_sets_read_only_what_is_known():
    raw, y = _binary(400)
    ends = np.arange(400) + 10
    before = conformal_sets(raw, y, opened_at=np.arange(400), label_end=ends).sets
    changed = np.where(np.arange(400) < 290, y, 1 - y)
    after = conformal_sets(raw, changed, opened_at=np.arange(400), label_end=ends).sets
    assert np.array_equal(before[:301], after[:301])


def test_rows_of_one_time_share_a_level_and_sets_that_name_no_single_class_abstain():
    raw, y = _binary(2000)
    times = np.arange(2000) // 4
    found = conformal_sets(raw, y, opened_at=times)
    assert all(np.unique(found.level[times == t]).size == 1 for t in range(0, 500, 50))
    assert np.array_equal(found.abstained, found.sets.sum(axis=1) != 1)
    decided = found.judged & ~found.abstained
    right = raw.argmax(axis=1)[decided] == y[decided]
    assert right.mean() > (raw.argmax(axis=1) == y).mean()


def test_too_short_or_unordered_histories_are_refused():
    raw, y = _binary(80)
    with pytest.raises(NotEnoughData, match="warm_up = 100"):
        conformal_sets(raw, y, opened_at=np.arange(80))
    with pytest.raises(InvalidInput, match="in order of time"):
        conformal_sets(raw, y, opened_at=np.arange(80)[::-1])


def test_abstaining_keeps_the_accuracy_that_was_asked_for():
    raw, y = _binary(6000, 5)
    found = fit_abstention(raw[:3000], y[:3000], 0.8)
    said = decide(raw[:3000], found)
    decided = said != ABSTAIN
    assert decided.mean() == pytest.approx(found.decided)
    assert (said[decided] == y[:3000][decided]).mean() == pytest.approx(found.accuracy)
    assert found.accuracy >= 0.8
    assert np.array_equal(decide(raw, found.rule.min_probability), decide(raw, found))
    later = decide(raw[3000:], found)
    assert (later == y[3000:])[later != ABSTAIN].mean() > 0.77
    lower = np.sort(raw[:3000].max(axis=1))
    looser = float(lower[lower < found.threshold][-1])
    wider = decide(raw[:3000], looser)
    assert (wider == y[:3000])[wider != ABSTAIN].mean() < 0.8


def test_an_accuracy_out_of_reach_leaves_everything_undecided_with_the_reason():
    raw, y = _binary(1000, 6)
    found = fit_abstention(raw, np.random.default_rng(0).permutation(y), 0.9)
    assert "90.0%" in found.reason
    assert math.isinf(found.threshold)
    assert (decide(raw, found) == ABSTAIN).all()
    assert found.rule.min_probability == 1.0
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        fit_abstention(raw, y, 1.5)
