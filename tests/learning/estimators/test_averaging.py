"""Averages of models: mean, median, and weights that know matured labels only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone

from augury.errors import InvalidInput, NotFound
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.averaging import AveragedModels
from augury.learning.estimators.dynamic_weights import dynamic_weights
from augury.learning.estimators.families import make_model
from augury.learning.estimators.stacking import StackedModels
from augury.market.bars import BarArrays

DAY = 86_400_000_000_000
MEMBERS = ("linear", "xgboost(rounds=15, patience=None, learning_rate=0.3)", "linear(l2=500.0)")


def rows(seed: int = 0, count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(count, 4))
    return table, (table[:, 0] + 0.5 * rng.normal(size=count) > 0.0).astype(float)


def as_inputs(table: np.ndarray, horizon: int = 5, first_day: int = 0) -> Inputs:
    count = table.shape[0]
    opened_at = (first_day + np.arange(count, dtype=np.int64)) * DAY
    return Inputs(
        tables=(table,),
        bars=(BarArrays(opened_at, np.ones((5, count))),),
        columns=tuple("abcd"),
        symbol=np.zeros(count, dtype=np.int64),
        bar=np.arange(count, dtype=np.int64),
        opened_at=opened_at,
        label_end=opened_at + horizon * DAY,
    )


def slow_weights(losses: np.ndarray, known_at: np.ndarray, asked_at: int, eta: float, half_life: float) -> np.ndarray:
    """The definition, row by row: exp(-eta * exponentially weighted mean of the losses known before), normalised."""
    order = [place for place in np.argsort(known_at, kind="stable") if known_at[place] < asked_at]
    mean, total = np.zeros(losses.shape[1]), 0.0
    for age, place in enumerate(reversed(order)):
        weight = 0.5 ** (age / half_life)
        mean, total = mean + weight * losses[place], total + weight
    raw = np.exp(-eta * (mean / total if total else mean))
    return raw / raw.sum()


def test_mean_and_median_are_those_of_the_members_fitted_alone() -> None:
    table, target = rows()
    alone = np.stack([make_model(text).fit(table, target).predict_proba(table) for text in MEMBERS], axis=1)
    mean = AveragedModels(members=MEMBERS).fit(table, target)
    np.testing.assert_allclose(mean.predict_proba(table), alone.mean(axis=1), atol=1e-15)
    median = AveragedModels(members=MEMBERS, combine="median").fit(table, target)
    np.testing.assert_allclose(median.predict_proba(table), np.median(alone, axis=1), atol=1e-15)
    np.testing.assert_array_equal(mean.member_predictions(table), alone)
    assert mean.score(table, target) > 0.75


def test_regressions_average_values() -> None:
    table, _ = rows()
    target = table[:, 0] * 0.01
    model = AveragedModels(task="regression", members=("linear", "linear(l2=2000.0)")).fit(table, target)
    alone = [make_model(text, task="regression").fit(table, target).predict(table) for text in model.members]
    np.testing.assert_allclose(model.predict(table), np.mean(alone, axis=0), atol=1e-16)
    assert not hasattr(model, "predict_proba")


@given(
    losses=arrays(np.float64, (12, 3), elements=st.floats(0.0, 5.0)),
    known_at=arrays(np.int64, (12,), elements=st.integers(0, 20)),
    asked_at=st.integers(0, 25),
)
def test_dynamic_weights_follow_the_definition(losses: np.ndarray, known_at: np.ndarray, asked_at: int) -> None:
    found = dynamic_weights(losses, known_at, np.array([asked_at]), eta=2.0, half_life_rows=3.0)[0]
    np.testing.assert_allclose(found, slow_weights(losses, known_at, asked_at, 2.0, 3.0), atol=1e-12)


def test_nothing_known_yet_means_equal_weights() -> None:
    found = dynamic_weights(np.ones((3, 2)), np.array([5, 6, 7]), np.array([5]), eta=1.0, half_life_rows=2.0)
    assert found.tolist() == [[0.5, 0.5]]


def test_labels_of_the_very_batch_do_not_change_its_predictions() -> None:
    """The planted leak: weights that used the batch's own labels would lean on the member that happens to be right."""
    table, target = rows()
    model = AveragedModels(members=MEMBERS[:2], combine="dynamic", eta=20.0, half_life_rows=10.0)
    model.fit(as_inputs(table[:400]), target[:400])
    batch = as_inputs(table[400:], first_day=400)
    before = model.row_weights(batch)
    turned = 1.0 - target[400:]
    after_truth = clone_fitted(model).observe(batch, target[400:]).row_weights(batch)
    after_lies = clone_fitted(model).observe(batch, turned).row_weights(batch)
    # a label of day t ends on day t + 5 and is used from day t + 6 on
    np.testing.assert_array_equal(after_truth[:6], before[:6])
    np.testing.assert_array_equal(after_lies[:6], before[:6])
    assert not np.array_equal(after_truth[6], after_lies[6])
    for day in range(6, 40):
        changed = target[400:].copy()
        changed[day - 5 :] = 1.0 - changed[day - 5 :]  # every label that has not matured before `day`
        found = clone_fitted(model).observe(batch, changed).row_weights(batch)
        np.testing.assert_array_equal(found[: day + 1], after_truth[: day + 1])


def clone_fitted(model: AveragedModels) -> AveragedModels:
    copy = clone(model)
    vars(copy).update(vars(model))
    return copy


def test_weights_follow_the_member_that_has_been_right() -> None:
    table, target = rows()
    model = AveragedModels(members=("linear", "linear(l2=1000000.0)"), combine="dynamic").fit(table, target)
    assert model.weights_[0] > 0.9
    model.observe(table[:300], 1.0 - target[:300])
    assert model.weights_[0] < 0.1
    np.testing.assert_allclose(model.row_weights(table[:2]), np.tile(model.weights_, (2, 1)))
    assert model.losses_.shape == (75 + 300, 2)


def test_members_are_not_trained_on_the_rows_that_judge_them() -> None:
    table, target = rows()
    model = AveragedModels(members=MEMBERS[::2], combine="dynamic").fit(as_inputs(table), target)
    alone = make_model("linear").fit(table[:420], target[:420])  # 75 rows judge, 5 more reach into them
    np.testing.assert_allclose(model.models_[0].coef_, alone.coef_, atol=1e-12)
    assert model.known_at_.tolist() == ((np.arange(425, 500) + 5) * DAY).tolist()


@pytest.mark.parametrize("family", [AveragedModels, StackedModels])
def test_members_of_different_kinds_read_the_same_rows(family: type) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    table, target = rows(count=160)
    inputs = replace(as_inputs(table), sequence_bars=4)[10:]
    members = ("linear", "gru(hidden=4, layers=1, epochs=2, device='cpu')")
    model = family(members=members, **({"folds": 2} if family is StackedModels else {})).fit(inputs, target[10:])
    said = model.member_predictions(inputs)
    np.testing.assert_allclose(said[:, 0], model.models_[0].predict_proba(inputs.tabular()), atol=1e-15)
    np.testing.assert_allclose(said[:, 1], model.models_[1].predict_proba(inputs.sequence()), atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(inputs), np.einsum("mkc,k->mc", said, model.weights_), atol=1e-12)


def test_the_seed_moves_the_members_seeds() -> None:
    model = AveragedModels(members=("linear(seed=2)", "linear"), seed=5).fit(*rows())
    assert [member.seed for member in model.models_] == [7, 5]
    assert clone(model).get_params() == model.get_params()


def test_other_members_and_weights_are_refused() -> None:
    table, target = rows(count=60)
    with pytest.raises(InvalidInput, match="two or more different models"):
        AveragedModels(members=("linear",)).fit(table, target)
    with pytest.raises(InvalidInput, match="two or more different models"):
        AveragedModels(members=("linear", "linear")).fit(table, target)
    with pytest.raises(NotFound, match="linear"):
        AveragedModels(members=("liner", "xgboost")).fit(table, target)
    with pytest.raises(InvalidInput, match="combine='dynamic'"):
        AveragedModels(members=("linear", "linear(l2=3.0)")).fit(table, target).observe(table, target)
    with pytest.raises(InvalidInput, match="'mean', 'median', 'dynamic'"):
        AveragedModels(combine="best").fit(table, target)
