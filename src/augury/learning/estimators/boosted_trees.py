"""Gradient-boosted trees (XGBoost) that stop early on a purged validation block and keep the best rounds only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import NotEnoughData
from augury.extras import require
from augury.learning.estimators.checks import (
    TrainingRows,
    class_weights,
    early_stopping_rows,
    read_for_prediction,
    training_rows,
    validation_rows,
)
from augury.learning.estimators.estimator import Estimator, Task, Track
from augury.spec import Spec

__all__ = ["BoostedTrees", "BoostedTreesSpec"]

_OUTSIDE_NAMES = str.maketrans("[]<", "()_")  # XGBoost refuses these three in feature names
_FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostedTreesSpec(Spec):
    """Bounds of the options of `BoostedTrees`; the names are XGBoost's where it has one."""

    task: Task = "classification"
    rounds: Annotated[int, Meta(ge=1, le=10_000)] = 400
    max_depth: Annotated[int, Meta(ge=1, le=16)] = 6
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.05
    min_child_weight: Annotated[float, Meta(ge=0.0)] = 1.0
    subsample: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    colsample_bytree: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    gamma: Annotated[float, Meta(ge=0.0)] = 0.0
    reg_lambda: Annotated[float, Meta(ge=0.0)] = 1.0
    reg_alpha: Annotated[float, Meta(ge=0.0)] = 0.0
    max_bin: Annotated[int, Meta(ge=2, le=4096)] = 256
    patience: Annotated[int, Meta(ge=1)] | None = 20
    validation_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.15
    class_balance: bool = False
    threads: Annotated[int, Meta(ge=1)] = 1
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class BoostedTrees(Estimator):
    """Boosted trees over a table of features; NaN is read as missing, each split learns where it goes.

    At most `rounds` rounds of trees of depth `max_depth` with shrinkage `learning_rate`. Unless `patience` is None,
    training stops after `patience` rounds without a better log-loss (rmse in a regression) on `validation`, or without
    one on the last `validation_share` of the rows by time, purged; the rounds after the best one are cut off for good.
    The same options, rows and `seed` give the same trees with any number of `threads`.

    Fitted: `booster_` (xgboost.Booster of `best_round_` rounds, features named), `best_round_` (how many rounds were
    kept), `history_` ({"train": [...], "valid": [...]} per round run), `classes_`, `columns_`, `n_features_in_`.

    Source: Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016.
    """

    family: ClassVar[str] = "xgboost"
    spec_type: ClassVar[type[Spec]] = BoostedTreesSpec
    reads_nan: ClassVar[bool] = True

    def __init__(
        self,
        *,
        task: Task = "classification",
        rounds: int = 400,
        max_depth: int = 6,
        learning_rate: float = 0.05,
        min_child_weight: float = 1.0,
        subsample: float = 1.0,
        colsample_bytree: float = 1.0,
        gamma: float = 0.0,
        reg_lambda: float = 1.0,
        reg_alpha: float = 0.0,
        max_bin: int = 256,
        patience: int | None = 20,
        validation_share: float = 0.15,
        class_balance: bool = False,
        threads: int = 1,
        seed: int = 0,
    ) -> None:
        self.task = task
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.gamma = gamma
        self.reg_lambda = reg_lambda
        self.reg_alpha = reg_alpha
        self.max_bin = max_bin
        self.patience = patience
        self.validation_share = validation_share
        self.class_balance = class_balance
        self.threads = threads
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation: tuple[Any, Any] | None = None,
        track: Track | None = None,
    ) -> BoostedTrees:
        """Learn from rows in order of time; `y` are class numbers, or values in a regression.

        Raises InvalidInput or NotEnoughData where there is nothing to learn or to stop on, MissingExtra without
        xgboost.
        """
        spec: BoostedTreesSpec = self.checked_options()
        rows = training_rows(X, y, sample_weight, kind="tabular", task=spec.task, allow_nan=True)
        weights = rows.weights
        if rows.classes is not None and spec.class_balance:
            weights = class_weights(rows.target, weights, rows.classes.size)
        train, valid = self._blocks(spec, X, rows, weights, validation)
        best, booster, history = _boost(spec, rows.classes, train, valid, track)
        if rows.classes is not None:
            self.classes_ = rows.classes
        self.columns_ = rows.columns
        self.n_features_in_ = int(rows.features.shape[1])
        self.booster_, self.best_round_, self.history_ = booster, best, history
        return self

    def predict_proba(self, X: Any) -> FloatMatrix:
        """Probability of each class, float64[m, classes], from the kept rounds."""
        found = self._raw(X)
        if self.classes_.size == 2:
            return np.column_stack([1.0 - found, found])
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def predict_values(self, X: Any) -> FloatVector:
        """Predicted values, float64[m]."""
        return self._raw(X)

    def _raw(self, inputs: Any) -> npt.NDArray[np.float64]:
        features = _readable(read_for_prediction(self, inputs, allow_nan=True))
        return np.asarray(self.booster_.inplace_predict(features, validate_features=False), dtype=np.float64)

    def _blocks(
        self,
        spec: BoostedTreesSpec,
        inputs: Any,
        rows: TrainingRows,
        weights: FloatVector,
        validation: tuple[Any, Any] | None,
    ) -> tuple[Any, Any]:
        """The matrices to train on and (None without early stopping) to stop on."""
        if spec.patience is None:
            return _matrix(spec, rows.features, rows.target, weights, rows.columns), None
        if validation is not None:
            features, target = validation_rows(rows, validation, kind="tabular", allow_nan=True)
            train = _matrix(spec, rows.features, rows.target, weights, rows.columns)
            return train, _matrix(spec, features, target, None, rows.columns)
        fit, stop = early_stopping_rows(inputs, spec.validation_share)
        if rows.classes is not None and np.unique(rows.target[fit]).size < rows.classes.size:
            raise NotEnoughData(
                f"{fit.size} rows before the early-stopping block do not hold every class; pass a longer history, "
                "validation=(X, y), or patience=None to train every round"
            )
        return (
            _matrix(spec, rows.features[fit], rows.target[fit], weights[fit], rows.columns),
            _matrix(spec, rows.features[stop], rows.target[stop], weights[stop], rows.columns),
        )


def _readable(features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Features within float32, which is what trees read; beyond it the value would turn infinite."""
    return np.clip(features, -_FLOAT32_MAX, _FLOAT32_MAX)


def _matrix(
    spec: BoostedTreesSpec,
    features: npt.NDArray[Any],
    target: FloatVector,
    weights: FloatVector | None,
    columns: tuple[str, ...] | None,
) -> Any:
    xgboost = require("xgboost", extra="learn")
    names = [name.translate(_OUTSIDE_NAMES) for name in columns] if columns else None
    return xgboost.DMatrix(_readable(features), target, weight=weights, feature_names=names, nthread=spec.threads)


def _boost(
    spec: BoostedTreesSpec, classes: Any, train: Any, valid: Any, track: Track | None
) -> tuple[int, Any, dict[str, list[float]]]:
    """Rounds kept, the booster of those rounds alone, and the losses of every round run."""
    xgboost = require("xgboost", extra="learn")
    passes: dict[str, dict[str, list[float]]] = {}
    evals = [(train, "train")] + ([(valid, "valid")] if valid is not None else [])
    booster = xgboost.train(
        _parameters(spec, classes),
        train,
        num_boost_round=spec.rounds,
        evals=evals,
        evals_result=passes,
        early_stopping_rounds=spec.patience if valid is not None else None,
        callbacks=[_progress(xgboost, track, spec.rounds)] if track is not None else None,
        verbose_eval=False,
    )
    history = {name: list(next(iter(losses.values()))) for name, losses in passes.items()}
    best = booster.best_iteration + 1 if valid is not None else spec.rounds
    if best < booster.num_boosted_rounds():
        booster = booster[:best]
        booster.set_param({"nthread": spec.threads})
    booster.set_attr(best_iteration=str(best - 1))
    return best, booster, history


def _parameters(spec: BoostedTreesSpec, classes: Any) -> dict[str, Any]:
    named = ("max_depth", "learning_rate", "min_child_weight", "subsample", "colsample_bytree", "gamma", "max_bin")
    found = {name: getattr(spec, name) for name in (*named, "reg_lambda", "reg_alpha", "seed")}
    found |= {"tree_method": "hist", "nthread": spec.threads, "verbosity": 0}
    if classes is None:
        return found | {"objective": "reg:squarederror", "eval_metric": "rmse"}
    if classes.size == 2:
        return found | {"objective": "binary:logistic", "eval_metric": "logloss"}
    return found | {"objective": "multi:softprob", "num_class": int(classes.size), "eval_metric": "mlogloss"}


def _progress(xgboost: Any, track: Track, rounds: int) -> Any:
    """An XGBoost callback that draws one item of the tracked rounds after each round."""
    steps: Iterator[Any] = iter(track(range(rounds), rounds))

    class Progress(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def before_training(self, model: Any) -> Any:
            next(steps, None)
            return model

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            next(steps, None)
            return False

        def after_training(self, model: Any) -> Any:
            getattr(steps, "close", lambda: None)()
            return model

    return Progress()
