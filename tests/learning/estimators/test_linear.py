"""The linear baseline equals scikit-learn's pipeline made by hand, and refuses what cannot be learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.estimators.linear import LinearModel


def rows(seed: int = 0, count: int = 400, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.standard_t(3, size=(count, 4)) * [1.0, 1e3, 1e-3, 5.0] + [0.0, 2e4, 0.0, -3.0]
    strength = table[:, 0] + (table[:, 1] - 2e4) / 2e3 + 0.8 * rng.normal(size=count)
    return table, np.digitize(strength, np.quantile(strength, np.arange(1, classes) / classes)).astype(float)


def by_hand(model: object) -> object:
    return make_pipeline(RobustScaler(), FunctionTransformer(np.clip, kw_args={"a_min": -5.0, "a_max": 5.0}), model)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_equal_those_of_a_scikit_learn_pipeline(classes: int) -> None:
    table, target = rows(classes=classes)
    weights = np.random.default_rng(1).uniform(0.2, 2.0, size=target.size)
    model = LinearModel(l2=2.0).fit(table[:300], target[:300], weights[:300])
    oracle = by_hand(LogisticRegression(C=0.5, max_iter=1000))
    oracle.fit(table[:300], target[:300], logisticregression__sample_weight=weights[:300])
    np.testing.assert_allclose(model.predict_proba(table[300:]), oracle.predict_proba(table[300:]), atol=1e-12)
    assert model.score(table[300:], target[300:]) == oracle.score(table[300:], target[300:])
    assert model.coef_.shape == (1 if classes == 2 else 3, 4)


def test_values_equal_those_of_a_ridge_pipeline() -> None:
    table, _ = rows()
    target = np.random.default_rng(2).normal(size=400) * 0.01 + 0.002 * table[:, 0]
    model = LinearModel(task="regression", l2=3.0).fit(table, target)
    oracle = by_hand(Ridge(alpha=3.0)).fit(table, target)
    np.testing.assert_allclose(model.predict(table), oracle.predict(table), atol=1e-14)
    assert model.score(table, target) == pytest.approx(oracle.score(table, target))
    assert not hasattr(model, "predict_proba")


def test_class_balance_equals_balanced_class_weights() -> None:
    table, target = rows()
    kept = (target == 0.0) | (np.arange(400) % 5 == 0)
    table, target = table[kept], target[kept]
    model = LinearModel(class_balance=True).fit(table, target)
    oracle = by_hand(LogisticRegression(class_weight="balanced", max_iter=1000)).fit(table, target)
    np.testing.assert_allclose(model.predict_proba(table), oracle.predict_proba(table), atol=1e-10)
    assert LinearModel().fit(table, target).predict(table).mean() < model.predict(table).mean()


def test_an_edge_is_learnt_and_noise_is_not() -> None:
    table, target = rows(count=1200)
    model = LinearModel().fit(table[:900], target[:900])
    assert model.score(table[900:], target[900:]) > 0.7
    noise = np.random.default_rng(3).integers(0, 2, size=1200)
    assert abs(LinearModel().fit(table[:900], noise[:900]).score(table[900:], noise[900:]) - 0.5) < 0.08


def test_the_model_stays_itself_through_clone_pipeline_and_cross_validation() -> None:
    table, target = rows()
    model = LinearModel(l2=7.0, class_balance=True)
    assert clone(model).get_params() == model.get_params()
    scores = cross_val_score(make_pipeline(StandardScaler(), model), table, target, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.6


def test_the_progress_is_tracked() -> None:
    seen = []

    def track(steps: object, total: int) -> object:
        for step in steps:
            seen.append((step, total))
            yield step

    LinearModel().fit(*rows(), track=track)
    assert seen == [(0, 1)]


def test_rows_that_cannot_be_learnt_from_are_refused_with_the_remedy() -> None:
    table, target = rows(count=60)
    holed = table.copy()
    holed[3, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"1 row\(s\) hold NaN or infinity in column 1.*xgboost"):
        LinearModel().fit(holed, target)
    flat = table.copy()
    flat[:, 2] = 7.0
    frame = pd.DataFrame(flat, columns=["a", "b", "flat", "d"])
    with pytest.raises(InvalidInput, match=r"flat hold the same value.*leave them out"):
        LinearModel().fit(frame, target)
    with pytest.raises(InvalidInput, match="one class only"):
        LinearModel().fit(table, np.zeros(60))
    with pytest.raises(NotEnoughData, match=r"at least 2 rows of each class, got 1 of class 1"):
        LinearModel().fit(table, np.r_[1.0, np.zeros(59)])
    with pytest.raises(InvalidInput, match="task='regression'"):
        LinearModel().fit(table, table[:, 0])
    with pytest.raises(InvalidInput, match="leave out the rows without a label"):
        LinearModel().fit(table, np.r_[np.nan, target[1:]])
    with pytest.raises(InvalidInput, match="one target for each of 60 rows"):
        LinearModel().fit(table, target[:59])
    with pytest.raises(InvalidInput, match="sample weights"):
        LinearModel().fit(table, target, -np.ones(60))
    with pytest.raises(InvalidInput, match=r"l2 = 0\.0"):
        LinearModel(l2=0.0).fit(table, target)


def test_prediction_wants_the_features_that_were_learnt() -> None:
    table, target = rows(count=60)
    with pytest.raises(NotFittedError):
        LinearModel().predict(table)
    model = LinearModel().fit(pd.DataFrame(table, columns=list("abcd")), target)
    with pytest.raises(InvalidInput, match="missing d; unknown e"):
        model.predict(pd.DataFrame(table, columns=list("abce")))
    with pytest.raises(InvalidInput, match="the same in another order"):
        model.predict(pd.DataFrame(table, columns=list("bacd")))
    with pytest.raises(InvalidInput, match="X has 3 features"):
        model.predict(table[:, :3])
    assert model.predict(table).dtype == np.int64


def test_a_row_is_predicted_alike_whoever_is_beside_it() -> None:
    table, target = rows(count=60)
    model = LinearModel().fit(table, target)
    np.testing.assert_allclose(model.predict_proba(table[:1])[0], model.predict_proba(table)[0], rtol=1e-12)
