"""Scores against scikit-learn and scipy, their weights as repetitions, and their intervals under known truths."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn import metrics

from augury.errors import InvalidInput, NotFound
from augury.learning.evaluation import weighted_scores as weighted
from augury.learning.evaluation.bins import equal_mass_bins
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.scores import SCORES, score_predictions

QUICK = ScoreSpec(replications=199)


def _said(make_predictions, classes=2, rows=400, seed=0, folds=3, symbols=2):
    rng = np.random.default_rng(seed)
    raw = rng.dirichlet(np.ones(classes), rows).round(2)  # rounded: ties
    raw = raw / raw.sum(axis=1, keepdims=True)
    target = (rng.random(rows)[:, None] > raw.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return make_predictions(raw, target, folds=folds, symbols=symbols, outcome=rng.normal(size=rows) + target)


def _ones(said):
    return np.ones(len(said))


@pytest.mark.parametrize("classes", [2, 3])
def test_probability_scores_are_those_of_scikit_learn(make_predictions, classes):
    said = _said(make_predictions, classes)
    p, y = np.clip(said.predicted, 1e-15, None), said.target
    assert weighted.log_loss(said)(_ones(said)) == pytest.approx(
        metrics.log_loss(y, p / p.sum(axis=1, keepdims=True)), rel=1e-9
    )
    hit = said.predicted.argmax(axis=1)
    assert weighted.accuracy(said)(_ones(said)) == pytest.approx(metrics.accuracy_score(y, hit))
    assert weighted.balanced_accuracy(said)(_ones(said)) == pytest.approx(metrics.balanced_accuracy_score(y, hit))
    expected = (
        metrics.brier_score_loss(y, p[:, 1])
        if classes == 2
        else ((said.predicted - np.eye(classes)[y.astype(int)]) ** 2).sum(axis=1).mean()
    )
    assert weighted.brier(said)(_ones(said)) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_auc_is_the_mean_over_folds_of_that_of_scikit_learn(make_predictions, classes):
    said = _said(make_predictions, classes)
    parts, sizes = [], []
    for fold in np.unique(said.fold):
        rows = said.fold == fold
        p = said.predicted[rows]
        score = p[:, 1] if classes == 2 else p
        parts.append(metrics.roc_auc_score(said.target[rows], score, multi_class="ovr", average="macro"))
        sizes.append(rows.sum())
    assert weighted.auc(said)(_ones(said)) == pytest.approx(np.average(parts, weights=sizes))


def test_the_information_coefficient_is_spearman_inside_symbols_and_folds(make_predictions):
    said = _said(make_predictions, 3)
    parts, sizes = [], []
    for symbol in (0, 1):
        for fold in np.unique(said.fold):
            rows = (said.symbol == symbol) & (said.fold == fold)
            parts.append(spearmanr(said.edge[rows], said.outcome[rows]).statistic)
            sizes.append(rows.sum())
    assert weighted.information_coefficient(said)(_ones(said)) == pytest.approx(np.average(parts, weights=sizes))


def test_regression_scores_are_those_of_scikit_learn(make_predictions):
    rng = np.random.default_rng(1)
    y = rng.normal(size=300)
    said = make_predictions(0.3 * y + rng.normal(size=300), y)
    assert weighted.r2(said)(_ones(said)) == pytest.approx(metrics.r2_score(y, said.predicted[:, 0]))
    assert weighted.mean_absolute_error(said)(_ones(said)) == pytest.approx(
        metrics.mean_absolute_error(y, said.predicted[:, 0])
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_the_calibration_error_is_the_readable_one(make_predictions, classes):
    said, bins = _said(make_predictions, classes), 7
    errors = []
    for c in [1] if classes == 2 else range(classes):
        p, which, error = said.predicted[:, c], equal_mass_bins(said.predicted[:, c], bins), 0.0
        for one in np.unique(which):
            rows = which == one
            error += rows.mean() * abs(p[rows].mean() - (said.target[rows] == c).mean())
        errors.append(error)
    assert weighted.calibration_error(said, bins)(_ones(said)) == pytest.approx(np.mean(errors))


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), classes=st.sampled_from([2, 3]))
def test_a_weight_is_a_number_of_repetitions(make_predictions, seed, classes):
    said = _said(make_predictions, classes, rows=60, seed=seed, folds=2)
    counts = np.random.default_rng(seed).integers(0, 4, len(said))
    rows = np.repeat(np.arange(len(said)), counts)
    names = ("predicted", "target", "outcome", "reference", "symbol", "bar", "opened_at", "label_end", "fold", "row")
    repeated = replace(said, **{name: getattr(said, name)[rows] for name in names})
    for make in (
        weighted.log_loss,
        weighted.brier,
        weighted.balanced_accuracy,
        weighted.auc,
        weighted.information_coefficient,
    ):
        whole = make(repeated)(np.ones(rows.size))
        assert make(said)(counts.astype(float)) == pytest.approx(whole, nan_ok=True, abs=1e-12)


def test_intervals_hold_the_truth_about_as_often_as_they_say(make_predictions):
    held, rounds = 0, 60
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        p = np.full(300, 0.6)
        said = make_predictions(np.column_stack([1 - p, p]), rng.random(300) < 0.6)
        score = score_predictions(said, ("accuracy",), QUICK, seed=seed)["accuracy"]
        held += score.lower <= 0.6 <= score.upper
    assert 0.86 <= held / rounds <= 1.0


def test_copies_of_a_market_and_overlapping_labels_do_not_narrow_the_interval(make_predictions):
    rng = np.random.default_rng(2)
    p = rng.uniform(0.3, 0.7, 400)
    y = rng.random(400) < p
    one = make_predictions(np.column_stack([1 - p, p]), y)
    copies = np.repeat(p, 5)
    five = make_predictions(np.column_stack([1 - copies, copies]), np.repeat(y, 5), symbols=5)
    narrow, same = (score_predictions(said, ("log_loss",), QUICK)["log_loss"] for said in (one, five))
    assert same.rows == 2000
    assert (same.lower, same.upper) == pytest.approx((narrow.lower, narrow.upper), abs=1e-9)
    slow = np.repeat(rng.random(40) < 0.5, 10)
    flat = np.full(400, 0.55)
    overlapping = make_predictions(np.column_stack([1 - flat, flat]), slow, horizon=10)
    score = score_predictions(overlapping, ("accuracy",), QUICK)["accuracy"]
    assert score.block_times >= 11
    assert score.standard_error > 2.0 * math.sqrt(0.25 / 400)


def test_pooling_folds_would_punish_a_model_without_skill_and_the_auc_here_does_not(make_predictions):
    rng = np.random.default_rng(3)
    y = rng.random(2000) < 0.5
    folds = np.arange(2000) // 200
    p = np.array([(y.sum() - y[folds == f].sum()) / 1800 for f in folds]) + rng.normal(0, 1e-7, 2000)
    said = make_predictions(np.column_stack([1 - p, p]), y, folds=10)
    assert metrics.roc_auc_score(y, p) < 0.48
    assert weighted.auc(said)(np.ones(2000)) == pytest.approx(0.5, abs=0.03)


def test_every_score_has_an_interval_or_a_reason(make_predictions):
    said = _said(make_predictions, 3, folds=3)
    for score in score_predictions(said, None, QUICK).values():
        assert (score.computed and score.lower <= score.estimate <= score.upper) or score.name == "calibration_error"
    short = _said(make_predictions, 2, rows=30, folds=1, symbols=2)
    for score in score_predictions(short, None, QUICK).values():
        assert "15 distinct times" in score.reason
        assert math.isfinite(score.estimate)
        assert math.isnan(score.lower)
    constant = make_predictions(np.full((100, 2), 0.5), np.arange(100) % 2)
    assert "do not vary" in score_predictions(constant, ("information_coefficient",))["information_coefficient"].reason
    long = make_predictions(np.full((100, 2), 0.5), np.arange(100) % 2, horizon=40)
    assert "blocks" in score_predictions(long, ("accuracy",))["accuracy"].reason


def test_several_paths_give_the_mean_of_their_scores(make_predictions):
    a, b = _said(make_predictions, seed=1), _said(make_predictions, seed=1)
    swapped = b.predicted[:, ::-1].copy()
    object.__setattr__(b, "predicted", swapped)
    both = score_predictions((a, b), ("accuracy",), QUICK)["accuracy"]
    alone = [score_predictions(x, ("accuracy",), QUICK)["accuracy"].estimate for x in (a, b)]
    assert both.estimate == pytest.approx(np.mean(alone))
    assert both.per_fold == pytest.approx(alone)


def test_unknown_scores_and_those_of_the_other_task_are_refused(make_predictions):
    said = _said(make_predictions)
    with pytest.raises(NotFound, match="log_loss"):
        score_predictions(said, ("logloss",))
    with pytest.raises(InvalidInput, match="regression"):
        score_predictions(said, ("r2",))
    with pytest.raises(InvalidInput, match="NaN"):
        make_predictions(np.full((10, 2), np.nan), np.zeros(10))
    assert {kind.name for kind in SCORES.values() if kind.fits("regression")} == {
        "r2",
        "mean_absolute_error",
        "information_coefficient",
    }
