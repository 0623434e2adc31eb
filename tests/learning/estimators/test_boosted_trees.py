"""Boosted trees equal XGBoost trained by hand, are really cut to the best round, and stop on a purged block."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.folds import holdout
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.boosted_trees import BoostedTrees
from augury.market.bars import BarArrays


def rows(seed: int = 0, count: int = 600, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(count, 5))
    strength = table[:, 0] * np.sign(table[:, 1]) + 0.6 * rng.normal(size=count)
    return table, np.digitize(strength, np.quantile(strength, np.arange(1, classes) / classes)).astype(float)


def as_inputs(table: np.ndarray, horizon: int = 20) -> Inputs:
    count = table.shape[0]
    opened_at = np.arange(count, dtype=np.int64) * 86_400_000_000_000
    place = np.arange(count, dtype=np.int64)
    return Inputs(
        tables=(table,),
        bars=(BarArrays(opened_at, np.ones((5, count))),),
        columns=tuple(f"feature_{at}[x]" for at in range(table.shape[1])),
        symbol=np.zeros(count, dtype=np.int64),
        bar=place,
        opened_at=opened_at,
        label_end=opened_at[np.minimum(place + horizon, count - 1)],
    )


@pytest.mark.parametrize(
    ("classes", "objective", "metric"),
    [(2, "binary:logistic", "logloss"), (3, "multi:softprob", "mlogloss"), (0, "reg:squarederror", "rmse")],
)
def test_predictions_equal_those_of_xgboost_trained_by_hand(classes: int, objective: str, metric: str) -> None:
    table, target = rows(classes=max(classes, 2))
    target = target if classes else table[:, 0] * table[:, 1]
    weights = np.random.default_rng(1).uniform(0.5, 1.5, size=600)
    task = "classification" if classes else "regression"
    model = BoostedTrees(task=task, rounds=80, max_depth=4, learning_rate=0.2, patience=5, subsample=0.8, seed=3)
    model.fit(table[:400], target[:400], weights[:400], validation=(table[400:500], target[400:500]))
    options = {"max_depth": 4, "learning_rate": 0.2, "subsample": 0.8, "seed": 3, "nthread": 2, "objective": objective}
    options |= {"eval_metric": metric, "num_class": 3} if classes == 3 else {"eval_metric": metric}
    oracle = xgboost.train(
        options,
        xgboost.DMatrix(table[:400], target[:400], weight=weights[:400]),
        80,
        evals=[(xgboost.DMatrix(table[400:500], target[400:500]), "stop")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    assert model.best_round_ == oracle.best_iteration + 1 < 80
    said = oracle.predict(xgboost.DMatrix(table[500:]), iteration_range=(0, oracle.best_iteration + 1))
    if classes == 0:
        np.testing.assert_array_equal(model.predict(table[500:]), said)
    else:
        expected = said if classes == 3 else np.column_stack([1.0 - said, said])
        np.testing.assert_allclose(model.predict_proba(table[500:]), expected, atol=1e-7)
        np.testing.assert_allclose(model.predict_proba(table[500:]).sum(axis=1), 1.0, atol=1e-12)


def test_the_rounds_after_the_best_one_are_gone() -> None:
    table, target = rows()
    model = BoostedTrees(rounds=200, learning_rate=0.3, patience=10).fit(table, target)
    run = len(model.history_["valid"])
    assert model.best_round_ == int(np.argmin(model.history_["valid"])) + 1 == run - 10
    assert model.booster_.num_boosted_rounds() == model.best_round_
    assert len(model.booster_.get_dump()) == model.best_round_
    saved = json.loads(bytes(model.booster_.save_raw("json")))
    assert len(saved["learner"]["gradient_booster"]["model"]["trees"]) == model.best_round_


def test_the_stopping_block_is_purged_of_overlapping_labels() -> None:
    table, target = rows()
    inputs = as_inputs(table)
    model = BoostedTrees(rounds=30, patience=5).fit(inputs, target)
    fold = holdout(inputs, 0.15)
    assert fold.train.size == 510 - 20
    again = BoostedTrees(rounds=30, patience=5)
    again.fit(table[fold.train], target[fold.train], validation=(table[fold.test], target[fold.test]))
    assert again.best_round_ == model.best_round_
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


def test_features_are_named_and_must_be_the_same_at_prediction() -> None:
    table, target = rows()
    model = BoostedTrees(rounds=5, patience=None).fit(as_inputs(table), target)
    assert model.booster_.feature_names == [f"feature_{at}(x)" for at in range(5)]
    assert model.columns_ == tuple(f"feature_{at}[x]" for at in range(5))
    assert model.best_round_ == 5
    assert set(model.history_) == {"train"}
    np.testing.assert_array_equal(model.predict_proba(as_inputs(table)), model.predict_proba(table))
    with pytest.raises(InvalidInput, match="missing feature_0"):
        model.predict(pd.DataFrame(table, columns=list("abcde")))


def test_missing_values_are_read_and_infinite_ones_refused() -> None:
    table, target = rows()
    gone = np.random.default_rng(4).random(600) < 0.5
    table[gone, 2] = np.nan
    target = np.where(gone, 1.0, target)
    model = BoostedTrees(rounds=20, patience=None, learning_rate=0.3).fit(table, target)
    assert model.predict_proba(table)[gone, 1].min() > 0.9
    with pytest.raises(InvalidInput, match="infinity in column 0"):
        model.predict(np.full((1, 5), np.inf))
    with pytest.raises(InvalidInput, match="column 2 hold the same value"):
        BoostedTrees().fit(np.where(np.arange(5) == 2, np.nan, table), target)


def test_fits_repeat_bit_for_bit_by_seed_with_any_threads() -> None:
    table, target = rows()
    options = {"rounds": 20, "subsample": 0.5, "colsample_bytree": 0.5, "patience": None}
    first = BoostedTrees(**options).fit(table, target).booster_.save_raw("ubj")
    assert BoostedTrees(**options).fit(table, target).booster_.save_raw("ubj") == first
    assert BoostedTrees(**options, seed=1).fit(table, target).booster_.save_raw("ubj") != first
    threads = BoostedTrees(**options, threads=2).fit(table, target)
    np.testing.assert_array_equal(
        threads.predict_proba(table), BoostedTrees(**options).fit(table, target).predict_proba(table)
    )


def test_an_interaction_is_learnt_that_no_line_can_see() -> None:
    table, target = rows(count=1500)
    model = BoostedTrees(rounds=60, learning_rate=0.2).fit(table[:1200], target[:1200])
    assert model.score(table[1200:], target[1200:]) > 0.72


def test_balanced_classes_weigh_the_same() -> None:
    table, target = rows()
    kept = (target == 0.0) | (np.arange(600) % 6 == 0)
    options = {"rounds": 15, "patience": None}
    plain = BoostedTrees(**options).fit(table[kept], target[kept]).predict_proba(table)[:, 1].mean()
    balanced = BoostedTrees(**options, class_balance=True).fit(table[kept], target[kept]).predict_proba(table)[:, 1]
    assert plain < 0.3
    assert abs(balanced.mean() - 0.5) < 0.12


def test_every_round_moves_the_progress_and_stopping_early_ends_it() -> None:
    table, target = rows()
    state = {"steps": 0, "ended": False}

    def track(steps: object, total: int) -> object:
        assert total == 300
        try:
            for step in steps:
                state["steps"] = step
                yield step
        finally:
            state["ended"] = True

    model = BoostedTrees(rounds=300, learning_rate=0.3, patience=5).fit(table, target, track=track)
    assert state["ended"]
    assert abs(state["steps"] - len(model.history_["train"])) <= 1


def test_clone_and_cross_validation_work_on_arrays() -> None:
    table, target = rows()
    model = BoostedTrees(rounds=10, patience=3, learning_rate=0.3)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, table, target, cv=3).mean() > 0.6


def test_a_block_without_every_class_is_refused_with_the_remedy() -> None:
    table, target = rows(count=60)
    with pytest.raises(NotEnoughData, match="patience=None"):
        BoostedTrees().fit(table, np.r_[np.zeros(55), np.ones(5)])
    with pytest.raises(InvalidInput, match="expected the classes learnt"):
        BoostedTrees().fit(table, target, validation=(table, target + 5))
    with pytest.raises(InvalidInput, match="validation rows should have the shape"):
        BoostedTrees().fit(table, target, validation=(table[:, :2], target))
    with pytest.raises(InvalidInput, match=r"max_depth = 0"):
        BoostedTrees(max_depth=0).fit(table, target)
