"""Judging an artefact later: only rows after its training count, against what training knew without any feature."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import log_loss

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.exporting import build_artefact, extras_of
from augury.learning.artefacts.predictor import Predictor
from augury.learning.data.folds import holdout
from augury.learning.estimators.families import make_model
from augury.learning.evaluation.cross_validation import CvSpec
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.judging import dataset_for, judge_artefact, other_timeframe, timeframe_of, training_targets
from augury.learning.recipes import TrainingSpec
from augury.learning.training import train_model
from augury.market import bar_arrays

SPEC = TrainingSpec(evaluation=EvaluationSpec(cv=CvSpec(folds=3), importance=None))
TREES = "xgboost(rounds=15, max_depth=2, learning_rate=0.3)"


@pytest.fixture(scope="module")
def bars(moving_bars):
    return moving_bars(500)


@pytest.fixture(scope="module")
def trained(bars, moving_rows):
    return train_model(moving_rows(bars), TREES, SPEC)


def test_the_same_rows_give_the_figures_of_the_training_whatever_bars_surround_them(trained, bars, moving_bars):
    predictor = Predictor(trained.artefact)
    found = judge_artefact(predictor, bars)
    assert found.scores == trained.held_out.scores
    assert (found.rows, found.first, found.last) == (
        trained.held_out.rows, trained.held_out.first, trained.held_out.last,
    )  # fmt: skip
    assert found.profit.sharpe == trained.held_out.profit.sharpe
    assert judge_artefact(predictor, {"any name": bars}).scores == found.scores


@pytest.mark.parametrize("label", ["forward_return(horizon_bars=3)", "direction(horizon_bars=4)"])
def test_longer_labels_and_values_agree_too(label, bars, moving_rows):
    found = train_model(moving_rows(bars, label=label), "linear", SPEC)
    assert judge_artefact(Predictor(found.artefact), bars).scores == found.held_out.scores


def test_rows_before_the_end_of_training_never_count(trained, bars):
    found = judge_artefact(Predictor(trained.artefact), bars)
    assert found.first.value > trained.artefact.manifest.fit_end
    whole = judge_artefact(Predictor(trained.artefact), bars, in_sample=True)
    assert whole.first.value < trained.artefact.manifest.fit_end
    assert whole.rows == len(dataset_for(trained.artefact.manifest, bars))
    with pytest.raises(NotEnoughData, match=r"none of \d+ rows with a known label is later than"):
        judge_artefact(Predictor(trained.artefact), bars.iloc[:300])


def test_the_baseline_says_how_often_each_class_came_in_training(trained, bars, moving_rows):
    rows = moving_rows(bars)
    fold = holdout(rows, SPEC.held_out)
    shares = np.bincount(rows.target[fold.train].astype(int)) / fold.train.size
    assert json.loads(trained.artefact.manifest.notes["training_targets"]) == pytest.approx(shares.tolist())
    found = judge_artefact(Predictor(trained.artefact), bars)
    wanted = log_loss(rows.target[fold.test], np.tile(shares, (fold.test.size, 1)))
    assert found.verdict.against_best.baseline_score == pytest.approx(wanted)


def test_what_training_taught_without_features_is_a_mean_in_a_regression(bars, moving_rows):
    rows = moving_rows(bars, label="forward_return(horizon_bars=1)")
    assert json.loads(training_targets(rows)) == [pytest.approx(rows.target.mean())]


def test_other_symbols_are_judged_on_the_later_time_alone(trained, moving_bars):
    other = moving_bars(800, seed=5)
    found = judge_artefact(Predictor(trained.artefact), {"A": other, "B": moving_bars(800, seed=6)})
    assert found.first.value > trained.artefact.manifest.fit_end
    assert found.verdict.better
    assert len(found.profit.symbols) == 2


def test_the_data_set_is_the_one_of_the_training(trained, bars, moving_rows):
    mine, theirs = dataset_for(trained.artefact.manifest, bars), moving_rows(bars)
    assert mine.fingerprint == theirs.fingerprint
    kept = moving_rows(bars, leave_out=("roc_1",), keep_nan=True)
    model = make_model(TREES).fit(kept.inputs, kept.target)
    again = dataset_for(build_artefact(model, extras_of(kept)).manifest, bars)
    assert again.fingerprint == kept.fingerprint


def test_a_model_without_features_or_label_cannot_be_judged(bars, moving_rows):
    rows = moving_rows(bars)
    artefact = build_artefact(make_model("linear").fit(rows.inputs.tabular(), rows.target))
    with pytest.raises(InvalidInput, match="does not say which features and label"):
        judge_artefact(Predictor(artefact), bars)


def test_timeframes_are_told_apart_where_they_can_be(trained, bars, moving_bars):
    manifest = trained.artefact.manifest
    assert manifest.notes["timeframe"] == "1D"
    hourly = bar_arrays(moving_bars(50, frequency="h"))
    assert other_timeframe(manifest, [bar_arrays(bars)]) is None
    assert "bars of 1D, these are bars of 1h" in other_timeframe(manifest, [hourly])
    assert timeframe_of([bar_arrays(bars.iloc[:2])]) == ""
    assert other_timeframe(manifest, [bar_arrays(bars.iloc[:2])]) is None
