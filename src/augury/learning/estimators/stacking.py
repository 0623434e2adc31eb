"""Several models stacked: non-negative weights learnt on purged out-of-fold predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.checks import class_codes, read_targets, read_weights
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.learning.estimators.members import ask_members, fit_members, make_members, require_members, take_rows
from augury.learning.estimators.stack_weights import least_log_loss_weights, least_squares_weights
from augury.spec import Spec
from augury.validation.splits import PurgedSpec, purged_splits

__all__ = ["StackLoss", "StackedModels", "StackedModelsSpec"]

StackLoss: TypeAlias = Literal["least_squares", "log_loss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedModelsSpec(Spec):
    """Bounds of the options of `StackedModels`."""

    members: tuple[str, ...] = ("linear", "xgboost")
    loss: StackLoss = "least_squares"
    folds: Annotated[int, Meta(ge=2, le=50)] = 5
    embargo_bars: Annotated[int, Meta(ge=0)] | None = None
    task: Task = "classification"
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def check(self) -> None:
        """Two or more members, all different; log-loss needs probabilities."""
        require_members("StackedModels", self.members)
        if self.loss == "log_loss" and self.task != "classification":
            raise InvalidInput("StackedModelsSpec.loss = 'log_loss': Expected 'least_squares' in a regression")


class StackedModels(Estimator):
    """Weighted sum of the predictions of `members` (models as texts), weights never negative.

    Each member predicts each of `folds` blocks of time after learning from the other blocks, purged of labels that
    overlap the block and embargoed after it; the weights are the best ones for those predictions (`loss`: non-negative
    least squares, scaled to sum to 1 for probabilities, or the simplex weights of least log-loss). The members are then
    fitted on all rows. Rows of a bare array count as in order of time with labels that end at once.

    Fitted: `models_`, `weights_` float64[members], `out_of_fold_` float64[n, members, classes or 1] (NaN in rows that
    no fold tested), `classes_`.

    Source: Wolpert, "Stacked generalization", Neural Networks 5 (1992); Breiman, Machine Learning 24 (1996).
    """

    family: ClassVar[str] = "stack"
    spec_type: ClassVar[type[Spec]] = StackedModelsSpec

    def __init__(
        self,
        *,
        members: tuple[str, ...] = ("linear", "xgboost"),
        loss: StackLoss = "least_squares",
        folds: int = 5,
        embargo_bars: int | None = None,
        task: Task = "classification",
        seed: int = 0,
    ) -> None:
        self.members = members
        self.loss = loss
        self.folds = folds
        self.embargo_bars = embargo_bars
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
    ) -> StackedModels:
        """Learn weights out of fold, then every member on all rows (`validation` serves their early stopping).

        Raises NotEnoughData when a fold's training rows do not hold every class.
        """
        spec: StackedModelsSpec = self.checked_options()
        count = int(np.shape(X)[0])
        target, weights = read_targets(y, count), read_weights(sample_weight, count)
        said = _out_of_fold(spec, X, target, weights, track)
        models = fit_members(
            make_members(spec.members, spec.task, spec.seed), X, target, weights, validation=validation
        )
        classes = models[0].classes_ if spec.task == "classification" else None
        self.weights_ = _weights(spec, said, target, weights, classes)
        if classes is not None:
            self.classes_ = classes
        self.models_, self.out_of_fold_ = models, said
        self.columns_, self.n_features_in_ = models[0].columns_, models[0].n_features_in_
        return self

    def member_predictions(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities float64[m, members, classes], or values float64[m, members, 1]."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return ask_members(self.models_, X)

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes]."""
        return np.asarray(np.einsum("k,mkc->mc", self.weights_, self.member_predictions(X)))

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        return np.asarray(np.einsum("k,mk->m", self.weights_, self.member_predictions(X)[:, :, 0]))


def _folds(spec: StackedModelsSpec, inputs: Any) -> list[tuple[IntVector, IntVector]]:
    purged = PurgedSpec(groups=spec.folds, test_groups=1, embargo_bars=spec.embargo_bars)
    if isinstance(inputs, Inputs):
        from augury.learning.data.folds import purged_folds

        return [(fold.train, fold.test) for fold in purged_folds(inputs, purged)]
    return [(split.train, split.test) for split in purged_splits(np.arange(np.shape(inputs)[0]), purged)]


def _out_of_fold(
    spec: StackedModelsSpec, inputs: Any, target: FloatVector, weights: FloatVector, track: Track | None
) -> npt.NDArray[np.float64]:
    folds = _folds(spec, inputs)
    classes = np.unique(target)
    columns = classes.size if spec.task == "classification" else 1
    said = np.full((target.size, len(spec.members), columns), np.nan)
    for train, test in folds if track is None else track(folds, len(folds)):
        if spec.task == "classification" and np.unique(target[train]).size < classes.size:
            raise NotEnoughData(
                f"the {train.size} training rows of a stacking fold do not hold all {classes.size} classes; pass a "
                "longer history or fewer folds"
            )
        members = make_members(spec.members, spec.task, spec.seed)
        fitted = fit_members(members, take_rows(inputs, train), target[train], weights[train])
        said[test] = ask_members(fitted, take_rows(inputs, test))
    return said


def _weights(
    spec: StackedModelsSpec,
    said: npt.NDArray[np.float64],
    target: FloatVector,
    weights: FloatVector,
    classes: IntVector | None,
) -> FloatVector:
    tested = ~np.isnan(said).any(axis=(1, 2))
    said, target, weights = said[tested], target[tested], weights[tested]
    if classes is None:
        return least_squares_weights(said, target[:, None], weights, sum_to_one=False)
    codes = class_codes(target, classes, target.size).astype(np.int64)
    if spec.loss == "log_loss":
        return least_log_loss_weights(said[np.arange(codes.size), :, codes], weights)
    return least_squares_weights(said, np.eye(classes.size)[codes], weights, sum_to_one=True)
