"""Training: the delivered model is the plain fit of the development rows, and the held-out rows touch nothing of it."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from augury.errors import InvalidInput, NotEnoughData
from augury.learning import training as training_module
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.to_graph import to_onnx
from augury.learning.data.folds import holdout
from augury.learning.estimators.families import make_model
from augury.learning.evaluation.cross_validation import CvSpec
from augury.learning.evaluation.evaluation import EvaluationSpec, evaluate_model
from augury.learning.recipes import TrainingSpec
from augury.learning.training import train_model

TREES = "xgboost(rounds=15, max_depth=2, learning_rate=0.3, subsample=0.7)"
SPEC = TrainingSpec(evaluation=EvaluationSpec(cv=CvSpec(folds=3), importance=None))
MOVED_BY_THE_HELD_OUT = {"data_fingerprint", "model_id", "scores", "notes"}


@pytest.fixture(scope="module")
def bars(moving_bars):
    return moving_bars(500)


@pytest.fixture(scope="module")
def dataset(bars, moving_rows):
    return moving_rows(bars)


@pytest.fixture(scope="module")
def trained(dataset):
    return train_model(dataset, TREES, SPEC, seed=3)


def _later_replaced(bars, dataset, moving_bars):
    """The same bars up to the held-out time, and others from then on."""
    first = int(dataset.inputs.bar[holdout(dataset, SPEC.held_out).test[0]])
    other = moving_bars(len(bars), seed=77, strength=-0.02)
    changed = bars.copy()
    scale = bars["close"].iloc[first - 1] / other["close"].iloc[first - 1]
    for name in ("open", "high", "low", "close"):
        changed.iloc[first:, changed.columns.get_loc(name)] = other[name].iloc[first:] * scale
    changed.iloc[first, changed.columns.get_loc("high")] *= 1.05
    changed.iloc[first, changed.columns.get_loc("low")] *= 0.95
    return changed


def _kept(found):
    """All of an artefact that the held-out rows must not move."""
    manifest = {key: value for key, value in found.artefact.to_dict().items() if key not in MOVED_BY_THE_HELD_OUT}
    scores = found.artefact.manifest.scores["cross_validated_log_loss"]
    return found.artefact.graph, manifest, scores, found.artefact.manifest.notes["training_targets"]


def test_the_delivered_model_is_the_fit_of_the_development_rows_by_hand(trained, dataset):
    fold = holdout(dataset, SPEC.held_out)
    rows = dataset.rows(fold.train)
    by_hand = make_model(TREES, seed=3).fit(rows.inputs, rows.target, rows.weights)
    graph = to_onnx(by_hand).SerializeToString()
    assert hashlib.sha256(graph).hexdigest() == trained.artefact.manifest.graph_sha256
    assert np.array_equal(by_hand.predict_proba(dataset.inputs), trained.model.predict_proba(dataset.inputs))
    manifest = trained.artefact.manifest
    assert manifest.fit_end == rows.inputs.label_end.max()
    assert manifest.fit_end < dataset.inputs.opened_at[fold.test].min()
    assert (manifest.seed, manifest.first_training_time) == (3, rows.inputs.opened_at.min())


def test_held_out_figures_are_those_of_the_artefact_on_the_later_rows(trained, dataset):
    test = holdout(dataset, SPEC.held_out).test
    said = Predictor(trained.artefact).predict(dataset.inputs[test]).probabilities
    target, scores = dataset.target[test], trained.held_out.scores
    assert trained.held_out.rows == test.size
    assert scores["log_loss"].estimate == pytest.approx(log_loss(target, said), abs=1e-9)
    assert scores["accuracy"].estimate == pytest.approx(accuracy_score(target, said.argmax(axis=1)), abs=1e-12)
    assert scores["auc"].estimate == pytest.approx(roc_auc_score(target, said[:, 1]), abs=1e-9)
    assert trained.artefact.manifest.scores["log_loss"] == scores["log_loss"].estimate


def test_other_held_out_bars_change_scores_and_nothing_else(trained, bars, dataset, moving_rows, moving_bars):
    changed = moving_rows(_later_replaced(bars, dataset, moving_bars))
    other = train_model(changed, TREES, SPEC, seed=3)
    assert _kept(other) == _kept(trained)
    assert other.held_out.scores["log_loss"].estimate != trained.held_out.scores["log_loss"].estimate
    assert other.better != trained.better


def test_a_calibration_that_looks_at_held_out_rows_would_be_caught(
    bars, dataset, moving_rows, moving_bars, monkeypatch
):
    def leaking(whole):
        monkeypatch.setattr(
            training_module, "evaluate_model", lambda _, model, spec, **more: evaluate_model(whole, model, spec, **more)
        )
        return _kept(train_model(whole, TREES, SPEC, seed=3))

    assert leaking(dataset) != leaking(moving_rows(_later_replaced(bars, dataset, moving_bars)))


def test_a_fit_on_held_out_rows_is_refused(dataset, monkeypatch):
    fold = holdout(dataset, SPEC.held_out)
    purged = type(fold)(train=np.arange(fold.test[0]), test=fold.test)
    monkeypatch.setattr(training_module, "holdout", lambda *_: purged)
    with pytest.raises(InvalidInput, match="overlap the test set"):
        train_model(dataset, TREES, SPEC)


def test_the_same_seed_gives_the_same_bytes(trained, dataset):
    again = train_model(dataset, TREES, SPEC, seed=3)
    assert again.artefact.graph == trained.artefact.graph
    assert again.artefact.manifest == trained.artefact.manifest
    assert train_model(dataset, TREES, SPEC, seed=4).artefact.model_id != trained.artefact.model_id


def test_an_edge_is_found_and_noise_is_not_called_one(trained, moving_bars, moving_rows):
    assert trained.better
    levels = [
        train_model(moving_rows(moving_bars(500, seed=seed, strength=0.0)), TREES, SPEC).held_out.verdict.level
        for seed in (11, 12, 13)
    ]
    assert "better than" not in levels


@pytest.mark.parametrize("model", [TREES, "linear"])
def test_a_regression_is_judged_by_its_values(model, bars, moving_rows):
    rows = moving_rows(bars, label="forward_return(horizon_bars=1)")
    found = train_model(rows, model, SPEC)
    test = holdout(rows, SPEC.held_out).test
    said = Predictor(found.artefact).predict(rows.inputs[test]).values
    assert found.artefact.manifest.classes == ()
    reference = rows.target[holdout(rows, SPEC.held_out).train].mean()
    by_hand = 1.0 - ((said - rows.target[test]) ** 2).sum() / ((reference - rows.target[test]) ** 2).sum()
    assert found.held_out.scores["r2"].estimate == pytest.approx(by_hand, abs=1e-6)


def test_three_classes_keep_their_order(bars, moving_rows):
    rows = moving_rows(bars, label="triple_barrier(horizon_bars=5, upper=1, lower=1)")
    found = train_model(rows, "linear", SPEC)
    assert found.artefact.manifest.classes == ("down", "flat", "up")
    test = holdout(rows, SPEC.held_out).test
    said = Predictor(found.artefact).predict(rows.inputs[test]).probabilities
    wanted = log_loss(rows.target[test], said, labels=[0, 1, 2])
    assert found.held_out.scores["log_loss"].estimate == pytest.approx(wanted, abs=1e-9)


def test_an_estimator_is_as_good_as_its_text(dataset):
    by_text, by_object = (train_model(dataset, model, SPEC) for model in ("linear", make_model("linear")))
    assert by_text.artefact.graph == by_object.artefact.graph
    assert by_text.held_out.scores == by_object.held_out.scores


def test_a_class_that_training_never_meets_is_named(bars, moving_rows):
    with pytest.raises(NotEnoughData, match=r"none of the \d+ rows to train on is 'up'; pass a longer history"):
        train_model(moving_rows(bars, label="triple_barrier(horizon_bars=3, upper=50)"), "linear", SPEC)


@pytest.mark.parametrize(
    ("held_out", "words"),
    [(0.001, "at least 2 bars to judge the model on, got 1"), (0.89, "training rows|training bar")],
)
def test_too_little_on_either_side_is_refused(held_out, words, moving_bars, moving_rows):
    rows = moving_rows(moving_bars(90), label="direction(horizon_bars=5)")
    with pytest.raises(NotEnoughData, match=words):
        train_model(rows, "linear", SPEC.replace(held_out=held_out))


def test_progress_reaches_the_epochs_of_the_folds_and_of_the_last_fit(moving_bars, moving_rows):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    seen = []

    def track(items, total):
        seen.append(total)
        yield from items

    rows = moving_rows(moving_bars(160), sequence_bars=3)
    train_model(rows, "gru(hidden=2, epochs=4, layers=1)", SPEC, track=track)
    assert seen == [3, 4, 4, 4, 1, 4]
