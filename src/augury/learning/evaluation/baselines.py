"""What every model must beat, fitted on the same folds: the majority class, the last return, AR(1), five features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import rankdata

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.families import make_model
from augury.learning.evaluation.cross_validation import CrossValidation
from augury.learning.evaluation.out_of_fold import fit_folds, paths_of
from augury.learning.evaluation.predictions import Predictions

__all__ = ["BASELINES", "Baseline", "cross_validate_baselines", "last_returns"]

_FEATURES = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """A baseline's predictions of the same rows, one `Predictions` a path.

    `columns` names the features that it chose in each fold (five features only).
    """

    name: str
    summary: str
    paths: tuple[Predictions, ...] = field(repr=False)
    columns: tuple[tuple[str, ...], ...] = ()


def cross_validate_baselines(cv: CrossValidation) -> dict[str, Baseline]:
    """Every baseline on the folds of this cross-validation, by name.

    majority_class (mean_target in a regression): the class frequencies, or mean, of the training rows. last_sign: those
    of the training rows whose last bar's return had the same sign. ar1: logistic or ridge regression on the last
    bar's return, cut at 5 interquartile ranges. five_features: the same on the five features with the largest absolute
    rank correlation with the target over the training rows of the fold, NaN as the training median.
    """
    found = {}
    for name, (make, summary) in BASELINES.items():
        shown = "mean_target" if name == "majority_class" and cv.dataset.task == "regression" else name
        fitted = fit_folds(cv.dataset, cv.fitted.folds, partial(make, cv.dataset.task))
        chosen = tuple(tuple(model.columns_) for model in fitted.models if isinstance(model, _FiveFeatures))
        found[shown] = Baseline(
            name=shown, summary=summary, paths=paths_of(cv.dataset, fitted, cv.combinatorial), columns=chosen
        )
    return found


def last_returns(inputs: Inputs) -> FloatVector:
    """The simple return of each row's bar, close to close, float64[rows], known at its close; 0 for a first bar."""
    found = np.zeros(len(inputs))
    for at, bars in enumerate(inputs.bars):
        mine = np.flatnonzero((inputs.symbol == at) & (inputs.bar > 0))
        close = bars.matrix[3]
        found[mine] = close[inputs.bar[mine]] / close[inputs.bar[mine] - 1] - 1.0
    return found


class _SignTable:
    """Frequencies or means of the target by a sign, each group shrunk towards the whole by one row."""

    def __init__(self, task: str, *, by_sign: bool) -> None:
        self.task, self.by_sign = task, by_sign

    def fit(self, inputs: Inputs, target: FloatVector, weights: FloatVector) -> _SignTable:  # noqa: ARG002
        self.classes_: IntVector = np.empty(0, dtype=np.int64)
        if self.task == "classification":
            self.classes_ = np.unique(target).astype(np.int64)
        said = (target[:, None] == self.classes_).astype(np.float64) if self.classes_.size else target[:, None]
        self.table_ = np.tile(said.mean(axis=0), (2, 1))
        for sign in (0, 1) if self.by_sign else ():
            own = said[self._sign(inputs) == sign]
            self.table_[sign] = (own.sum(axis=0) + self.table_[sign]) / (len(own) + 1.0)
        return self

    def predict_proba(self, inputs: Inputs) -> FloatMatrix:
        return np.asarray(self.table_[self._sign(inputs)])

    def predict(self, inputs: Inputs) -> FloatVector:
        return np.asarray(self.table_[self._sign(inputs), 0])

    def _sign(self, inputs: Inputs) -> IntVector:
        return (last_returns(inputs) > 0.0).astype(np.int64)


class _OnLastReturn:
    """A linear model on the last bar's return alone."""

    def __init__(self, task: str) -> None:
        self.model = make_model("linear", task=task)

    def fit(self, inputs: Inputs, target: FloatVector, weights: FloatVector) -> _OnLastReturn:
        self.model.fit(last_returns(inputs)[:, None], target, weights)
        self.classes_ = getattr(self.model, "classes_", None)
        return self

    def predict_proba(self, inputs: Inputs) -> FloatMatrix:
        return np.asarray(self.model.predict_proba(last_returns(inputs)[:, None]))

    def predict(self, inputs: Inputs) -> FloatVector:
        return np.asarray(self.model.predict(last_returns(inputs)[:, None]))


class _FiveFeatures:
    """A linear model on the features of largest rank correlation with the target over the training rows."""

    def __init__(self, task: str) -> None:
        self.model = make_model("linear", task=task)

    def fit(self, inputs: Inputs, target: FloatVector, weights: FloatVector) -> _FiveFeatures:
        table = inputs.tabular()
        with np.errstate(invalid="ignore"):
            self.medians = np.nanmedian(table, axis=0)
        table = self._filled(table)
        ranks = rankdata(np.column_stack([table, target]), axis=0)
        ranks = ranks - ranks.mean(axis=0)
        spread = np.sqrt((ranks**2).sum(axis=0))
        usable = np.flatnonzero((spread[:-1] > 0.0) & np.isfinite(self.medians))
        strength = np.abs(ranks[:, usable].T @ ranks[:, -1]) / spread[usable]
        self.chosen = usable[np.sort(np.argsort(-strength, kind="stable")[:_FEATURES])]
        self.columns_ = [inputs.columns[at] for at in self.chosen]
        self.model.fit(table[:, self.chosen], target, weights)
        self.classes_ = getattr(self.model, "classes_", None)
        return self

    def predict_proba(self, inputs: Inputs) -> FloatMatrix:
        return np.asarray(self.model.predict_proba(self._filled(inputs.tabular())[:, self.chosen]))

    def predict(self, inputs: Inputs) -> FloatVector:
        return np.asarray(self.model.predict(self._filled(inputs.tabular())[:, self.chosen]))

    def _filled(self, table: FloatMatrix) -> FloatMatrix:
        return np.where(np.isnan(table), self.medians, table)


BASELINES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "majority_class": (lambda task: _SignTable(task, by_sign=False), "class frequencies (mean) of the training rows"),
    "last_sign": (lambda task: _SignTable(task, by_sign=True), "the same by the sign of the last bar's return"),
    "ar1": (_OnLastReturn, "logistic (ridge) regression on the last bar's return"),
    "five_features": (_FiveFeatures, "logistic (ridge) regression on the five features that rank best in training"),
}
