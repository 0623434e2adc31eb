"""Certificates: paired on the same rows, and they refuse what brings nothing or costs too much."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap
from scipy.stats import spearmanr

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.to_graph import to_onnx
from augury.learning.compression.answers import Answers, rank_agreement
from augury.learning.compression.bench import Bench
from augury.learning.compression.levels import LEVELS, Bounds, bounds_of
from augury.learning.compression.memory import peak_memory
from augury.learning.compression.paired_score import paired_score
from augury.learning.compression.paired_timing import TimingEffort, paired_timing
from augury.learning.compression.rows import CompressionRows, split_rows
from augury.validation import optimal_block_length

TREES = "xgboost(rounds=120, patience=None, max_depth=4, learning_rate=0.1)"


def graph_of(model):
    return to_onnx(model).SerializeToString()


def first_rounds(model, count):
    found = copy.copy(model)
    found.booster_ = model.booster_[:count]
    return found


@pytest.fixture
def bench(fitted, judged, quick):
    return Bench(graph_of(fitted(TREES)), judged(), bounds_of("moderate"), seed=3, measuring=quick)


def test_a_step_that_changes_nothing_is_refused_for_no_gain(bench, fitted):
    graph = graph_of(fitted(TREES))
    found = bench.certify(graph, graph, faithful=True)
    assert not found.accepted
    assert found.reason == "refused: no real gain in size, parameters or time"
    assert found.score.difference == found.score.lower == found.score.upper == 0.0


def test_a_step_that_destroys_the_score_is_refused_however_much_it_saves(bench, fitted):
    model = fitted(TREES)
    found = bench.certify(graph_of(model), graph_of(first_rounds(model, 1)), faithful=False)
    assert found.gains
    assert not found.accepted
    assert "log-loss rises by" in found.reason
    assert found.score.skill_before > 0.0


def test_a_step_that_saves_and_costs_little_is_kept_and_says_what_it_brings(bench, fitted):
    model = fitted(TREES)
    found = bench.certify(graph_of(model), graph_of(first_rounds(model, 90)), faithful=False)
    assert found.accepted, found.reason
    assert found.size_cut > 0.2
    assert found.parameter_cut == pytest.approx(1.0 - found.after.parameters / found.before.parameters)
    assert found.reason.startswith("kept: ")


def test_a_faithful_step_may_not_flip_decisions(bench, fitted):
    model = fitted(TREES)
    found = bench.certify(graph_of(model), graph_of(first_rounds(model, 5)), faithful=True)
    assert found.step_flip_rate > 0.01
    assert "decisions flip" in found.reason


def test_a_larger_candidate_is_refused(bench, fitted):
    model = fitted(TREES)
    found = bench.certify(graph_of(first_rounds(model, 40)), graph_of(model), faithful=False)
    assert not found.accepted
    assert "larger" in found.reason


def test_scores_are_compared_row_by_row(fitted, judged, rows):
    model, rows_read = fitted(TREES), judged()
    before, after = (Answers.of(graph_of(found), rows_read) for found in (model, first_rounds(model, 10)))
    found = paired_score(before, after, rows_read, confidence=0.95, seed=1)
    target = rows.validation.target.astype(int)
    picked = np.arange(target.size), target
    old, new = (
        np.log(found.predict_proba(rows.validation.inputs)[picked]) for found in (model, first_rounds(model, 10))
    )
    assert found.difference == pytest.approx(float((old - new).mean()), abs=1e-6)
    assert found.rows == target.size
    assert found.loss_after - found.loss_before == pytest.approx(found.difference)


def test_bounds_agree_with_an_independent_stationary_bootstrap(fitted, judged):
    model, rows_read = fitted(TREES), judged()
    before, after = (Answers.of(graph_of(found), rows_read) for found in (model, first_rounds(model, 10)))
    found = paired_score(before, after, rows_read, confidence=0.95, seed=1)
    difference = after.losses - before.losses
    squares = (difference - difference.mean()) ** 2
    block = max(optimal_block_length(difference).stationary, optimal_block_length(squares).stationary)
    drawn = StationaryBootstrap(block, difference, seed=5).apply(np.mean, 3000)[:, 0]
    spread = found.upper - found.lower
    low, high = 2.0 * difference.mean() - np.quantile(drawn, [0.95, 0.05])
    assert abs(found.lower - low) < 0.1 * spread
    assert abs(found.upper - high) < 0.1 * spread


def test_rows_of_one_time_are_resampled_together(fitted, judged):
    """Every row twice at the same time: the bounds stay, where rows drawn alone would bring them closer."""
    model, rows_read = fitted(TREES), judged()
    twice = replace(
        rows_read,
        feeds={name: np.repeat(array, 2, axis=0) for name, array in rows_read.feeds.items()},
        opened_at=np.repeat(rows_read.opened_at, 2),
        target=np.repeat(rows_read.target, 2),
        base_losses=np.repeat(rows_read.base_losses, 2),
    )
    bounds = []
    for part in (rows_read, twice):
        before, after = (Answers.of(graph_of(found), part) for found in (model, first_rounds(model, 10)))
        found = paired_score(before, after, part, confidence=0.95, seed=1)
        bounds.append((found.lower, found.upper))
    np.testing.assert_allclose(bounds[0], bounds[1], rtol=1e-9)


def test_agreement_is_spearmans(judged):
    random = np.random.default_rng(2)
    first, second = random.normal(size=100).round(1), random.normal(size=100).round(1)
    assert rank_agreement(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert rank_agreement(first, np.ones(100)) == 0.0


def test_a_graph_against_itself_is_neither_faster_nor_slower(fitted, judged):
    graph = graph_of(fitted(TREES))
    found = paired_timing(graph, graph, judged().some_feeds(64), TimingEffort(blocks=15, seconds=0.003))
    assert not all(found.faster)
    assert not all(found.slower)
    assert found.before.p50_one <= found.before.p99_one


def test_a_graph_of_a_tenth_of_the_trees_is_faster(fitted, judged):
    model = fitted("xgboost(rounds=400, patience=None, max_depth=6)")
    few = graph_of(first_rounds(model, 40))
    found = paired_timing(graph_of(model), few, judged().some_feeds(64), TimingEffort(blocks=9, seconds=0.003))
    assert found.faster[1]
    assert found.ratios[1] < 0.7


def test_memory_of_a_larger_model_is_larger(fitted, judged):
    model = fitted("xgboost(rounds=400, patience=None, max_depth=6)")
    feeds = judged().some_feeds(64)
    assert peak_memory(graph_of(model), feeds) > peak_memory(graph_of(first_rounds(model, 1)), feeds)


def test_levels_scale_the_bounds_and_never_loosen_the_limit():
    found = [bounds_of(level) for level in LEVELS]
    assert [each.loss for each in found] == [0.005, 0.01, 0.02]
    assert [each.loss_limit for each in found] == [0.025, 0.05, 0.05]
    assert all(each.loss <= each.loss_limit for each in found)
    assert bounds_of("aggressive", Bounds(loss=0.04)).loss == 0.05
    with pytest.raises(InvalidInput, match="did you mean 'moderate'"):
        bounds_of("moderat")


def test_parts_follow_each_other_in_time_and_no_label_reaches_over(dataset, rows):
    for before, after in ((rows.train, rows.validation), (rows.validation, rows.test)):
        assert before.inputs.label_end.max() < after.inputs.opened_at.min()
    with pytest.raises(InvalidInput, match="split_rows"):
        CompressionRows(train=rows.validation, validation=rows.train, test=rows.test)


def test_rows_are_split_at_the_end_of_training(dataset):
    end = int(dataset.inputs.label_end[400])
    found = split_rows(dataset, end)
    assert found.train.inputs.label_end.max() <= end < found.validation.inputs.opened_at.min()
    with pytest.raises(NotEnoughData, match="pass a longer history"):
        split_rows(dataset, int(dataset.inputs.label_end[-20]))
