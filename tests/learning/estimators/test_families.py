"""scikit-learn's own checks on the table models, and the texts that name every family."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.estimator_checks import check_estimator

from augury.errors import InvalidInput, NotFound
from augury.learning.estimators.boosted_trees import BoostedTrees
from augury.learning.estimators.families import FAMILIES, make_model, model_text
from augury.learning.estimators.linear import LinearModel

LEFT_OUT = {
    "check_sample_weight_equivalence_on_dense_data": "medians, quartiles and bin edges are those of unweighted rows",
    "check_classifiers_classes": "classes are whole numbers, as labels give them, never texts",
    "check_supervised_y_2d": "a column of targets is read as a vector without a warning",
}
TREES = {"rounds": 10, "patience": None, "max_depth": 2, "learning_rate": 0.3}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("family", [LinearModel, BoostedTrees])
def test_scikit_learn_checks_pass_but_for_those_left_out_with_a_reason(family: Any, task: str) -> None:
    model = family(task=task, **(TREES if family is BoostedTrees else {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks warn about those skipped for want of array libraries
        found = check_estimator(model, expected_failed_checks=LEFT_OUT, on_fail=None, on_skip=None)
    failed = [f"{check['check_name']}: {check['exception']}" for check in found if check["status"] == "failed"]
    assert not failed, "\n".join(failed)
    assert sum(check["status"] == "passed" for check in found) >= 50
    assert is_classifier(model) is (task == "classification")
    assert is_regressor(model) is (task == "regression")


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.extra == "learn"])
def test_every_table_family_is_made_by_name_and_tells_its_text(name: str) -> None:
    model = make_model(f"{name}(seed=3)")
    assert model.family == name
    assert model.input_kind == FAMILIES[name].input_kind
    assert model_text(model) == f"{name}(seed=3)"
    assert make_model(model_text(model)).get_params() == model.get_params()
    assert type(model).spec_type().to_dict().keys() == model.get_params(deep=False).keys()
    defaults = type(model)().get_params(deep=False)
    assert type(model).spec_type.from_dict(defaults) == type(model).spec_type()


def test_members_travel_through_the_text() -> None:
    model = make_model("average(members=('linear', 'linear(l2=9.0)'), combine='median')")
    assert make_model(model_text(model)).members == ("linear", "linear(l2=9.0)")


@pytest.mark.parametrize("text", ["linear(", "linear(3)", "linear(l2=open('x'))", "linear(l3=1)", "1", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        make_model(text)


def test_unknown_families_name_the_nearest() -> None:
    with pytest.raises(NotFound, match="xgboost"):
        make_model("xgbost")
