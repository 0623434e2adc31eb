"""Importance: planted features are found, noise is not, SHAP is that of the shap package."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from augury.errors import Refused
from augury.learning.estimators.families import make_model
from augury.learning.evaluation.cross_validation import CvSpec, cross_validate
from augury.learning.evaluation.importance import PermutationImportanceSpec, permutation_importance
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.shap_values import shap_importance, shap_values

QUICK = ScoreSpec(replications=199)
TREES = "xgboost(rounds=40, max_depth=3, learning_rate=0.2, patience=None)"


def test_permutation_finds_the_planted_features(make_dataset):
    cv = cross_validate(make_dataset(1200, edge=1.0), TREES)
    found = permutation_importance(cv, PermutationImportanceSpec(repeats=3), QUICK)
    assert {one.feature for one in found[:2]} == {"first", "second"}
    assert all(one.lower > 0.0 for one in found[:2])
    assert all(abs(one.importance) < 0.2 * found[1].importance for one in found[2:])
    assert sum(one.share for one in found) == pytest.approx(1.0)


def test_a_feature_that_the_model_does_not_read_has_no_importance(make_dataset):
    cv = cross_validate(make_dataset(400, edge=1.0, linear=True), "linear", CvSpec(folds=3))
    for model in cv.fitted.models:
        model.coef_[:, 3] = 0.0
    predicted = [
        m.predict_proba(cv.dataset.inputs[f.test]) for m, f in zip(cv.fitted.models, cv.fitted.folds, strict=True)
    ]
    cv.predictions.predicted[:] = np.concatenate(predicted)
    found = {one.feature: one for one in permutation_importance(cv, scoring=QUICK)}
    assert found["fourth"].importance == 0.0
    assert found["first"].lower > 0.0
    again = {one.feature: one for one in permutation_importance(cv, scoring=QUICK)}
    assert again["first"].importance == found["first"].importance


def test_permuting_leaves_the_data_set_as_it_was(make_dataset):
    data = make_dataset(300, symbols=2)
    before = [table.copy() for table in data.inputs.tables]
    permutation_importance(cross_validate(data, "linear", CvSpec(folds=3)), scoring=QUICK)
    assert all(np.array_equal(a, b) for a, b in zip(before, data.inputs.tables, strict=True))


@pytest.mark.parametrize("kind", ["two", "three", "value"])
def test_shap_values_are_those_of_the_shap_package(make_dataset, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = pytest.importorskip("shap")
    data = make_dataset(300, edge=1.0, kind=kind)
    model = make_model(TREES, task=data.task).fit(data.inputs, data.target)
    found = shap_values(model, data.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explained = shap.TreeExplainer(model.booster_, feature_perturbation="tree_path_dependent").shap_values(
            data.inputs.tabular()
        )
    expected = explained[:, None, :] if explained.ndim == 2 else np.moveaxis(explained, 2, 1)
    assert np.allclose(found.contributions, expected, atol=1e-4)
    if kind == "two":
        score = found.base[:, 0] + found.contributions[:, 0].sum(axis=1)
        assert np.allclose(1 / (1 + np.exp(-score)), model.predict_proba(data.inputs)[:, 1], atol=1e-5)


def test_shap_importance_ranks_what_the_model_uses(make_dataset):
    cv = cross_validate(make_dataset(800, edge=1.0), TREES, CvSpec(folds=3))
    found = shap_importance(cv, QUICK)
    assert {one.feature for one in found[:2]} == {"first", "second"}
    assert all(one.lower <= one.importance <= one.upper for one in found)
    assert sum(one.share for one in found) == pytest.approx(1.0)


def test_models_without_trees_or_features_are_refused(make_dataset):
    cv = cross_validate(make_dataset(200), "linear", CvSpec(folds=3))
    with pytest.raises(Refused, match="no tree model"):
        shap_importance(cv)
    cv.fitted.models[0].input_kind = "image"
    with pytest.raises(Refused, match="chart images"):
        permutation_importance(cv)
