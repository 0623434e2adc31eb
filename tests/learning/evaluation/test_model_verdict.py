"""Models against their baselines: a planted edge is found, noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.learning.evaluation.baselines import cross_validate_baselines, last_returns
from augury.learning.evaluation.comparison import compare_scores
from augury.learning.evaluation.cross_validation import CvSpec, cross_validate
from augury.learning.evaluation.model_verdict import judge_model
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.validation.outcome import plain

QUICK = ScoreSpec(replications=199)
TREES = "xgboost(rounds=40, max_depth=3, learning_rate=0.2, patience=None)"


def test_a_planted_edge_that_no_baseline_can_see_is_better_than_each(make_dataset):
    cv = cross_validate(make_dataset(1500, edge=0.6), TREES)
    baselines = cross_validate_baselines(cv)
    verdict = judge_model(cv, baselines, spec=QUICK)
    assert set(baselines) == {"majority_class", "last_sign", "ar1", "five_features"}
    assert verdict.better
    assert verdict.level == "better than"
    assert verdict.against_best.lower > 0.0
    assert "is better than its baseline" in verdict.sentence
    assert all(found.lower > 0.0 for found in verdict.comparisons)
    assert verdict.to_dict()["level"] == "better than"


def test_noise_is_no_better_than_its_baseline_in_the_great_majority_of_seeds(make_dataset):
    levels = []
    for seed in range(20):
        cv = cross_validate(make_dataset(400, seed=100 + seed), "linear(l2=20.0)", CvSpec(folds=4))
        levels.append(judge_model(cv, cross_validate_baselines(cv), spec=QUICK, seed=seed).level)
    assert sum(level == "better than" for level in levels) <= 1
    assert sum(level == "no better than" for level in levels) >= 8


def test_the_linear_baselines_see_a_linear_edge(make_dataset):
    data = make_dataset(1000, edge=0.6, linear=True)
    cv = cross_validate(data, "linear")
    baselines = cross_validate_baselines(cv)
    assert all("first" in columns and len(columns) == 5 for columns in baselines["five_features"].columns)
    verdict = judge_model(cv, baselines, spec=QUICK)
    assert verdict.best == "five_features"
    assert not verdict.better
    against = compare_scores(baselines["five_features"].paths, baselines["majority_class"].paths, spec=QUICK)
    assert against.verdict == "better than"


def test_majority_and_sign_baselines_say_the_training_frequencies(make_dataset):
    data = make_dataset(300, symbols=2)
    cv = cross_validate(data, "linear", CvSpec(folds=3))
    baselines = cross_validate_baselines(cv)
    went_up = last_returns(data.inputs) > 0.0
    for number, fold in enumerate(cv.fitted.folds):
        mine = cv.predictions.fold == number
        share = data.target[fold.train].mean()
        assert baselines["majority_class"].paths[0].predicted[mine, 1] == pytest.approx(share)
        own = fold.train[went_up[fold.train]]
        expected = (data.target[own].sum() + share) / (own.size + 1)
        assert baselines["last_sign"].paths[0].predicted[mine & went_up, 1] == pytest.approx(expected)


def test_last_returns_are_known_at_the_close_of_their_bar(make_dataset):
    data = make_dataset(50)
    close = data.inputs.bars[0].matrix[3]
    at = int(data.inputs.bar[7])
    assert last_returns(data.inputs)[7] == pytest.approx(close[at] / close[at - 1] - 1.0)


def test_regressions_have_baselines_and_are_judged_by_r2(make_dataset):
    data = make_dataset(1200, edge=0.6, kind="value")
    cv = cross_validate(data, "xgboost(rounds=30, max_depth=3, learning_rate=0.2, patience=None)")
    baselines = cross_validate_baselines(cv)
    assert "mean_target" in baselines
    verdict = judge_model(cv, baselines, spec=QUICK)
    assert verdict.against_best.score == "r2"
    assert verdict.better


def test_combinatorial_paths_are_compared_path_by_path(make_dataset):
    cv = cross_validate(make_dataset(800, edge=1.0), TREES, CvSpec(folds=4, test_groups=2))
    baselines = cross_validate_baselines(cv)
    assert len(baselines["ar1"].paths) == len(cv.paths) == 3
    assert judge_model(cv, baselines, spec=QUICK).better


def test_a_paired_difference_is_surer_than_two_intervals(make_predictions):
    rng = np.random.default_rng(0)
    common = rng.normal(size=600)
    y = (rng.random(600) < 1 / (1 + np.exp(-2 * common))).astype(float)
    p, q = (1 / (1 + np.exp(-slope * common)) for slope in (2.0, 1.0))
    a, b = (make_predictions(np.column_stack([1 - x, x]), y) for x in (p, q))
    found = compare_scores(a, b, "log_loss", QUICK, names=("sharp", "blunt"))
    assert found.difference == pytest.approx(found.baseline_score - found.model_score)
    assert found.verdict == "better than"
    assert found.text.startswith("sharp is better than its baseline blunt: log-loss")
    assert compare_scores(b, a, "log_loss", QUICK).verdict == "worse than"
    same = compare_scores(a, a, "accuracy", QUICK)
    assert same.difference == 0.0
    assert same.verdict == "no better than"
    assert plain(found)["verdict"] == "better than"


def test_without_an_interval_a_model_is_no_better_and_other_rows_are_refused(make_predictions):
    p = np.full((10, 2), 0.5)
    found = compare_scores(make_predictions(p, np.arange(10) % 2), make_predictions(p, np.arange(10) % 2))
    assert found.verdict == "no better than"
    assert "10 distinct times" in found.text
    with pytest.raises(InvalidInput, match="same rows"):
        compare_scores(make_predictions(p, np.arange(10) % 2), make_predictions(p, np.ones(10)))
    with pytest.raises(InvalidInput, match="score of classification"):
        compare_scores(make_predictions(p, np.ones(10)), make_predictions(p, np.ones(10)), "r2")
