"""Stack weights equal those of independent optimisers on purged out-of-fold predictions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, nnls
from sklearn.base import clone

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.folds import purged_folds
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.families import make_model
from augury.learning.estimators.stack_weights import least_log_loss_weights
from augury.learning.estimators.stacking import StackedModels
from augury.market.bars import BarArrays
from augury.validation.splits import PurgedSpec

DAY = 86_400_000_000_000
TREES = "xgboost(rounds=15, patience=None, learning_rate=0.3, max_depth=2)"


def rows(seed: int = 0, count: int = 500, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(count, 4))
    strength = table[:, 0] + np.abs(table[:, 1]) + 0.7 * rng.normal(size=count)
    return table, np.digitize(strength, np.quantile(strength, np.arange(1, classes) / classes)).astype(float)


def as_inputs(table: np.ndarray, horizon: int = 5) -> Inputs:
    count = table.shape[0]
    opened_at = np.arange(count, dtype=np.int64) * DAY
    return Inputs(
        tables=(table,),
        bars=(BarArrays(opened_at, np.ones((5, count))),),
        columns=tuple("abcd"),
        symbol=np.zeros(count, dtype=np.int64),
        bar=np.arange(count, dtype=np.int64),
        opened_at=opened_at,
        label_end=opened_at + horizon * DAY,
    )


def on_the_simplex(right: np.ndarray, row_weights: np.ndarray) -> np.ndarray:
    """Least mean log-loss by sequential quadratic programming."""
    found = minimize(
        lambda w: -np.average(np.log(right @ w), weights=row_weights),
        np.full(right.shape[1], 1.0 / right.shape[1]),
        method="SLSQP",
        bounds=[(0.0, 1.0)] * right.shape[1],
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0},
        options={"ftol": 1e-13, "maxiter": 500},
    )
    return found.x


def test_out_of_fold_predictions_come_from_purged_folds() -> None:
    table, target = rows()
    inputs = as_inputs(table)
    model = StackedModels(members=("linear", TREES), folds=4).fit(inputs, target)
    for fold in purged_folds(inputs, PurgedSpec(groups=4, test_groups=1)):
        alone = make_model("linear").fit(table[fold.train], target[fold.train])
        np.testing.assert_allclose(model.out_of_fold_[fold.test, 0], alone.predict_proba(table[fold.test]), atol=1e-12)
    assert not np.isnan(model.out_of_fold_).any()


@pytest.mark.parametrize("classes", [2, 3])
def test_least_squares_weights_equal_nnls_on_the_out_of_fold_predictions(classes: int) -> None:
    table, target = rows(classes=classes)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, 500)
    model = StackedModels(members=("linear", TREES, "linear(l2=300.0)")).fit(as_inputs(table), target, weights)
    design, wanted = [], []
    for row in range(500):
        for number in range(classes):
            design.append(model.out_of_fold_[row, :, number] * np.sqrt(weights[row]))
            wanted.append((target[row] == number) * np.sqrt(weights[row]))
    expected = nnls(np.array(design), np.array(wanted))[0]
    np.testing.assert_allclose(model.weights_, expected / expected.sum(), atol=1e-10)
    np.testing.assert_allclose(model.predict_proba(table).sum(axis=1), 1.0, atol=1e-12)


def test_log_loss_weights_equal_those_of_sequential_quadratic_programming() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        right, row_weights = rng.uniform(0.05, 0.95, size=(80, 4)), rng.uniform(0.1, 2.0, size=80)
        found = least_log_loss_weights(right, row_weights)
        best = on_the_simplex(right, row_weights)
        lost = [-np.average(np.log(right @ w), weights=row_weights) for w in (found, best)]
        assert lost[0] <= lost[1] + 1e-7
        np.testing.assert_allclose(found, best, atol=5e-3)


def test_a_stack_of_least_log_loss_loses_no_more_than_its_best_member() -> None:
    table, target = rows()
    model = StackedModels(members=("linear", TREES), loss="log_loss").fit(as_inputs(table), target)
    right = model.out_of_fold_[np.arange(500), :, target.astype(int)]
    np.testing.assert_allclose(model.weights_, on_the_simplex(right, np.ones(500)), atol=1e-3)
    assert -np.log(right @ model.weights_).mean() <= -np.log(right).mean(axis=0).min() + 1e-9


def test_a_member_that_knows_nothing_gets_next_to_no_weight() -> None:
    table, target = rows()
    model = StackedModels(members=("linear", "linear(l2=1000000000.0)"), loss="log_loss").fit(table, target)
    assert model.weights_[0] > 0.9


def test_regression_weights_are_those_of_nnls_unscaled() -> None:
    table, _ = rows()
    target = table[:, 0] * 0.01 + 0.01 * np.abs(table[:, 1])
    model = StackedModels(task="regression", members=("linear", TREES)).fit(table, target)
    np.testing.assert_allclose(model.weights_, nnls(model.out_of_fold_[:, :, 0], target)[0], atol=1e-12)
    alone = np.stack([member.predict(table) for member in model.models_], axis=1)
    np.testing.assert_allclose(model.predict(table), alone @ model.weights_, atol=1e-15)
    assert model.score(table, target) > 0.6


def test_the_members_served_are_fitted_on_all_rows() -> None:
    table, target = rows()
    model = StackedModels(members=("linear", TREES), folds=3).fit(table, target)
    np.testing.assert_array_equal(model.models_[0].coef_, make_model("linear").fit(table, target).coef_)
    assert clone(model).get_params() == model.get_params()


def test_folds_are_tracked() -> None:
    seen = []

    def track(steps: object, total: int) -> object:
        for step in steps:
            seen.append(total)
            yield step

    StackedModels(members=("linear", "linear(l2=9.0)"), folds=3).fit(*rows(), track=track)
    assert seen == [3, 3, 3]


def test_what_cannot_be_stacked_is_refused() -> None:
    table, target = rows(count=60)
    with pytest.raises(NotEnoughData, match="do not hold all 2 classes"):
        StackedModels().fit(table, (np.arange(60) >= 48).astype(float))
    with pytest.raises(InvalidInput, match="'log_loss'"):
        StackedModels(task="regression", loss="log_loss").fit(table, table[:, 0])
    with pytest.raises(InvalidInput, match="two or more different"):
        StackedModels(members=()).fit(table, target)
