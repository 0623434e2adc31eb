"""Trained again, a model is what it was on the bars of then, and learns from what came since on later ones."""

from __future__ import annotations

import dataclasses

import pytest

from augury.errors import InvalidArtefact, InvalidInput
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.evaluation.cross_validation import CvSpec
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.recipes import TrainingSpec, recipe_of
from augury.learning.retraining import train_again
from augury.learning.training import train_model

TREES = "xgboost(learning_rate=0.3, max_depth=2, rounds=15, subsample=0.7)"
FEATURES = ("roc(timeperiod=5)", "rsi(timeperiod=7)", "macd_atr")
USUAL = TrainingSpec()
OWN = TrainingSpec(
    held_out=0.3, evaluation=EvaluationSpec(cv=CvSpec(folds=3), importance=None, abstain_accuracy=0.55, backtest=None)
)


@pytest.fixture(scope="module")
def bars(moving_bars):
    return {"A": moving_bars(500), "B": moving_bars(500, seed=8)}


@pytest.mark.parametrize(
    ("model", "spec", "more", "seed"),
    [
        (TREES, OWN, {"leave_out": ("rsi_7",), "every_bars": 2, "keep_nan": True}, 3),
        ("linear(l2=0.5)", USUAL, {}, 0),
        ("linear(task='regression')", OWN, {"label": "forward_return(horizon_bars=3)"}, 11),
    ],
)
def test_on_the_bars_of_then_it_is_the_artefact_of_then(bars, model, spec, more, seed):
    dataset = build_dataset(bars, DatasetSpec(features=FEATURES, **more))
    first = train_model(dataset, model, spec, seed=seed).artefact
    again = train_again(first.manifest, bars).artefact
    assert again.graph == first.graph
    assert again.to_dict() == first.to_dict()
    assert recipe_of(again.manifest) == (spec, more.get("every_bars", 1))
    assert ("recipe" in first.manifest.notes) == (spec != USUAL)
    other = train_again(first.manifest, bars, seed=seed + 1).artefact
    assert other.manifest.seed == seed + 1


def test_on_later_bars_it_has_learnt_from_what_came_since(bars):
    early = {symbol: frame.iloc[:350] for symbol, frame in bars.items()}
    first = train_model(build_dataset(early, DatasetSpec(features=FEATURES)), "linear", OWN, seed=2)
    again = train_again(first.artefact.manifest, bars)
    assert again.artefact.manifest.fit_end > first.artefact.manifest.fit_end
    assert again.artefact.manifest.data_fingerprint != first.artefact.manifest.data_fingerprint
    assert again.held_out.rows > 0
    same = ("features", "feature_ids", "columns", "label", "classes", "model", "seed")
    assert {name: getattr(again.artefact.manifest, name) for name in same} == {
        name: getattr(first.artefact.manifest, name) for name in same
    }


def test_what_does_not_say_how_it_was_trained_is_refused(bars):
    dataset = build_dataset(bars, DatasetSpec(features=FEATURES))
    manifest = train_model(dataset, "linear", OWN).artefact.manifest
    with pytest.raises(InvalidInput, match="which features and label"):
        train_again(dataclasses.replace(manifest, features=(), feature_ids=()), bars)
    for recipe in ("{", "[]", '{"held_out": 7}', '{"unknown": 1}', '{"every_bars": "x"}'):
        with pytest.raises(InvalidArtefact, match="recipe"):
            train_again(dataclasses.replace(manifest, notes={"recipe": recipe}), bars)
