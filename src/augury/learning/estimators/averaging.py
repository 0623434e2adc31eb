"""Several models averaged: their mean, their median, or weights that follow their matured losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.checks import class_codes, early_stopping_rows, read_targets, read_weights
from augury.learning.estimators.dynamic_weights import dynamic_weights
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.learning.estimators.members import (
    ask_members,
    fit_members,
    make_members,
    member_losses,
    require_members,
    take_rows,
)
from augury.spec import Spec

__all__ = ["AveragedModels", "AveragedModelsSpec", "Combination"]

Combination: TypeAlias = Literal["mean", "median", "dynamic"]

_AFTER_EVERYTHING = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragedModelsSpec(Spec):
    """Bounds of the options of `AveragedModels`."""

    members: tuple[str, ...] = ("linear", "xgboost")
    combine: Combination = "mean"
    eta: Annotated[float, Meta(gt=0.0)] = 10.0
    half_life_rows: Annotated[float, Meta(gt=0.0)] = 50.0
    validation_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.15
    task: Task = "classification"
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def check(self) -> None:
        """Two or more members, all different."""
        require_members("AveragedModels", self.members)


class AveragedModels(Estimator):
    """Mean, median or loss-following average of the predictions of `members` (models as texts).

    With `combine="dynamic"`, member k weighs exp(-eta EWMA loss_k), normalised, for each row anew. Losses come from
    rows whose labels had ended strictly before the row's own time: first those of the validation rows (`validation`,
    or the last `validation_share` of the rows, purged, on which the members are then not trained), later those handed
    to `observe`. Rows of a bare array have no times: all that was observed counts as over before they begin.

    Members may read different inputs (tables, sequences, images) when `X` is `Inputs`.

    Fitted: `models_`, `weights_` float64[members] (the latest), `classes_`, and for dynamic weights `losses_`
    float64[n, members] with `known_at_` int64[n].
    """

    family: ClassVar[str] = "average"
    spec_type: ClassVar[type[Spec]] = AveragedModelsSpec

    def __init__(
        self,
        *,
        members: tuple[str, ...] = ("linear", "xgboost"),
        combine: Combination = "mean",
        eta: float = 10.0,
        half_life_rows: float = 50.0,
        validation_share: float = 0.15,
        task: Task = "classification",
        seed: int = 0,
    ) -> None:
        self.members = members
        self.combine = combine
        self.eta = eta
        self.half_life_rows = half_life_rows
        self.validation_share = validation_share
        self.task = task
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: tuple[Any, Any] | None = None,
        track: Track | None = None,
    ) -> AveragedModels:
        """Fit every member; `validation` also serves their early stopping."""
        spec: AveragedModelsSpec = self.checked_options()
        count = int(np.shape(X)[0])
        target, weights = read_targets(y, count), read_weights(sample_weight, count)
        rows, judged = np.arange(count), validation
        if spec.combine == "dynamic" and validation is None:
            rows, held = early_stopping_rows(X, spec.validation_share)
            judged = (take_rows(X, held), target[held])
        self.models_ = fit_members(
            make_members(spec.members, spec.task, spec.seed),
            X if rows.size == count else take_rows(X, rows),
            target[rows],
            weights[rows],
            validation=validation,
            track=track,
        )
        if spec.task == "classification":
            self.classes_ = self.models_[0].classes_
        self.columns_, self.n_features_in_ = self.models_[0].columns_, self.models_[0].n_features_in_
        self.weights_ = np.full(len(spec.members), 1.0 / len(spec.members))
        self.losses_, self.known_at_ = np.empty((0, len(spec.members))), np.empty(0, dtype=np.int64)
        return self if judged is None or spec.combine != "dynamic" else self.observe(*judged)

    def observe(self, X: Any, y: Any) -> AveragedModels:
        """Take in what came of some rows; predictions use it for rows whose time is after the ends of those labels.

        Raises InvalidInput for a class that was not learnt, or unless `combine="dynamic"`.
        """
        if self.combine != "dynamic":
            raise InvalidInput(f"AveragedModels(combine={self.combine!r}) has fixed weights; use combine='dynamic'")
        said = self.member_predictions(X)
        classes = self.classes_ if self.task == "classification" else None
        target = read_targets(y, said.shape[0]) if classes is None else class_codes(y, classes, said.shape[0])
        if isinstance(X, Inputs):
            known_at = X.label_end
        else:
            known_at = np.full(said.shape[0], self.known_at_.max(initial=-1) + 1) + np.arange(said.shape[0])
        self.losses_ = np.vstack([self.losses_, member_losses(said, target, classes)])
        self.known_at_ = np.concatenate([self.known_at_, known_at]).astype(np.int64)
        self.weights_ = self._weights_at(np.array([_AFTER_EVERYTHING]))[0]
        return self

    def member_predictions(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities float64[m, members, classes], or values float64[m, members, 1]."""
        _require_fitted(self)
        return ask_members(self.models_, X)

    def row_weights(self, X: Any) -> FloatMatrix:
        """Weights of the members for each row, float64[m, members]; rows of `Inputs` read what had matured by then."""
        _require_fitted(self)
        count = int(np.shape(X)[0])
        if self.combine != "dynamic":
            return np.tile(self.weights_, (count, 1))
        return self._weights_at(X.opened_at if isinstance(X, Inputs) else np.full(count, _AFTER_EVERYTHING))

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes]; medians are scaled to sum to 1."""
        found = self._combined(X)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        return self._combined(X)[:, 0]

    def _combined(self, inputs: Any) -> FloatMatrix:
        said = self.member_predictions(inputs)
        if self.combine == "median":
            return np.asarray(np.median(said, axis=1))
        return np.asarray(np.einsum("mk,mkc->mc", self.row_weights(inputs), said))

    def _weights_at(self, asked_at: IntVector) -> FloatMatrix:
        return dynamic_weights(self.losses_, self.known_at_, asked_at, eta=self.eta, half_life_rows=self.half_life_rows)


def _require_fitted(model: AveragedModels) -> None:
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)
