"""The base of the estimators: scikit-learn's conventions for one class that does classification or regression."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput
from augury.extras import require
from augury.learning.data.inputs import InputKind
from augury.spec import Spec

__all__ = ["Estimator", "Task", "Track"]

Task: TypeAlias = Literal["classification", "regression"]
Track: TypeAlias = Callable[[Iterable[Any], int], Iterable[Any]]

_BaseEstimator: Any = require("sklearn.base", extra="learn").BaseEstimator


_available_if: Any = require("sklearn.utils.metaestimators", extra="learn").available_if


def _classifies(model: Any) -> bool:
    return bool(model.task == "classification")


class Estimator(_BaseEstimator):  # type: ignore[misc]
    """What all families share: tags by `task`, options checked by the family's spec, `predict` and `score`.

    A family gives `fit`, `predict_proba` (float64[m, classes]) and `predict_values` (float64[m]); it sets `classes_`
    (int64 class numbers, classification only), `n_features_in_` and `columns_`.
    """

    family: ClassVar[str]
    input_kind: ClassVar[InputKind] = "tabular"
    spec_type: ClassVar[type[Spec]]
    reads_nan: ClassVar[bool] = False
    task: Task
    classes_: IntVector

    def checked_options(self) -> Any:
        """The options as the family's frozen spec; InvalidInput, naming the bound, when one is out of bounds."""
        return self.spec_type.from_dict(self.get_params(deep=False))

    def __init_subclass__(cls, **more: Any) -> None:
        """Hide a family's `predict_proba` from regressions, which have none."""
        super().__init_subclass__(**more)
        if "predict_proba" in cls.__dict__:
            cls.predict_proba = _available_if(_classifies)(cls.predict_proba)  # type: ignore[method-assign]

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes], in the order of `classes_`."""
        raise NotImplementedError

    def predict_values(self, X: Any) -> npt.NDArray[np.float64]:
        """The predicted values of a regression, float64[m]."""
        raise NotImplementedError

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likeliest class number (int64[m], the lower one on a tie), or the value (float64[m]) in a regression."""
        if self.task == "regression":
            return self.predict_values(X)
        likely = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likely])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy, or the coefficient of determination R2 in a regression."""
        metrics = require("sklearn.metrics", extra="learn")
        judge = metrics.r2_score if self.task == "regression" else metrics.accuracy_score
        return float(judge(y, self.predict(X), sample_weight=sample_weight))

    def require_classification(self) -> None:
        """InvalidInput when probabilities are asked of a regression."""
        if self.task != "classification":
            raise InvalidInput(f"{type(self).__name__}(task={self.task!r}) has no probabilities; use predict")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        utils = require("sklearn.utils", extra="learn")
        tags.estimator_type = "regressor" if self.task == "regression" else "classifier"
        tags.classifier_tags = None if self.task == "regression" else utils.ClassifierTags()
        tags.regressor_tags = utils.RegressorTags() if self.task == "regression" else None
        tags.target_tags.required = True
        tags.input_tags.allow_nan = self.reads_nan
        return tags
