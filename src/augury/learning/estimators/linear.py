"""The linear baseline: penalised logistic or ridge regression on robustly scaled features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector
from augury.extras import require
from augury.learning.data.scaling import RobustScaler
from augury.learning.estimators.checks import class_weights, read_for_prediction, training_rows
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.spec import Spec

__all__ = ["LinearModel", "LinearModelSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModelSpec(Spec):
    """Bounds of the options of `LinearModel`."""

    task: Task = "classification"
    l2: Annotated[float, Meta(gt=0.0)] = 1.0
    clip: Annotated[float, Meta(gt=0.0)] = 5.0
    class_balance: bool = False
    max_iter: Annotated[int, Meta(ge=1)] = 1000
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class LinearModel(Estimator):
    """Logistic regression (multinomial above two classes) or ridge regression; the baseline that others must beat.

    Features are centred by their median and divided by their interquartile range over the training rows, then cut at
    +-`clip`. `l2` is the penalty on squared coefficients against the *sum* of the rows' losses, so scikit-learn's
    `C = 1 / l2` or `alpha = l2`. `class_balance` makes the classes weigh the same. The fit is convex and draws nothing
    at random: `seed` is there because every model has one.

    Fitted: `scaler_` (RobustScaler: `centre`, `scale`, `clip`), `coef_` float64[1 or classes, k] on scaled features,
    `intercept_` float64[1 or classes], `classes_`, `columns_`, `n_features_in_`.
    """

    family: ClassVar[str] = "linear"
    spec_type: ClassVar[type[Spec]] = LinearModelSpec

    def __init__(
        self,
        *,
        task: Task = "classification",
        l2: float = 1.0,
        clip: float = 5.0,
        class_balance: bool = False,
        max_iter: int = 1000,
        seed: int = 0,
    ) -> None:
        self.task = task
        self.l2 = l2
        self.clip = clip
        self.class_balance = class_balance
        self.max_iter = max_iter
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: tuple[Any, Any] | None = None,  # noqa: ARG002 - nothing to stop early
        track: Track | None = None,
    ) -> LinearModel:
        """Learn from rows in any order; `y` are class numbers, or values in a regression.

        Raises InvalidInput or NotEnoughData where there is nothing to learn.
        """
        spec: LinearModelSpec = self.checked_options()
        rows = training_rows(X, y, sample_weight, kind="tabular", task=spec.task)
        scaler = RobustScaler.fit(rows.features, rows.columns, clip=spec.clip)
        weights = rows.weights
        linear = require("sklearn.linear_model", extra="learn")
        if rows.classes is None:
            model = linear.Ridge(alpha=spec.l2)
        else:
            model = linear.LogisticRegression(C=1.0 / spec.l2, max_iter=spec.max_iter)
            weights = class_weights(rows.target, weights, rows.classes.size) if spec.class_balance else weights
            self.classes_ = rows.classes
        for _ in range(1) if track is None else track(range(1), 1):
            model.fit(scaler.transform(rows.features), rows.target, sample_weight=weights)
        self.columns_, self.n_features_in_ = rows.columns, int(rows.features.shape[1])
        self.scaler_ = scaler
        self.coef_ = np.atleast_2d(model.coef_).astype(np.float64)
        self.intercept_ = np.atleast_1d(model.intercept_).astype(np.float64)
        self.n_iter_ = int(np.max(model.n_iter_)) if rows.classes is not None else 1
        return self

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes]: sigmoid of one score, softmax of several."""
        scores = self._scores(X)
        if self.classes_.size == 2:
            scores = np.column_stack([np.zeros(scores.shape[0]), scores[:, 0]])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        return self._scores(X)[:, 0]

    def _scores(self, inputs: Any) -> FloatMatrix:
        features = read_for_prediction(self, inputs)
        return np.asarray(self.scaler_.transform(features) @ self.coef_.T + self.intercept_)
