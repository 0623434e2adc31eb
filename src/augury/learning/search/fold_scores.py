"""The score of a model on each fold, and what its predictions would have returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatVector
from augury.errors import NotEnoughData
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import LEAST_TRAINING_ROWS, Fold, purged_folds
from augury.learning.search.search_spec import ModelSearchSpec

__all__ = ["FoldScores", "position_of", "score_folds", "score_of", "search_folds", "value_of"]

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldScores:
    """Scores float64[folds], and the out-of-fold return of the implied position in each row, NaN where untested."""

    scores: FloatVector
    returns: FloatVector = field(repr=False)
    last_model: Any = field(repr=False)


def search_folds(dataset: Dataset, spec: ModelSearchSpec) -> tuple[Fold, ...]:
    """Blocks of time to predict, each with the rows to learn from; those before the block only if `walk_forward`.

    Raises NotEnoughData when a fold would have fewer than 10 rows to learn from.
    """
    opened_at = dataset.inputs.opened_at
    found = []
    for fold in purged_folds(dataset, spec.folds):
        train = fold.train
        if spec.walk_forward:
            if 0 in fold.test_groups:
                continue
            train = train[opened_at[train] < opened_at[fold.test].min()]
        if train.size < LEAST_TRAINING_ROWS:
            raise NotEnoughData(
                f"expected at least {LEAST_TRAINING_ROWS} rows to learn from in each fold, got {train.size}; pass a "
                "longer history or fewer groups"
            )
        found.append(Fold(train=train, test=fold.test, test_groups=fold.test_groups))
    return tuple(found)


def score_folds(
    make: Callable[[], Any],
    dataset: Dataset,
    folds: tuple[Fold, ...],
    report: Callable[[int, FloatVector], None] | None = None,
) -> FoldScores:
    """Fit a fresh model for each fold on its training rows, predict its tested rows, and score.

    `report(fold number, scores so far)` is called after each fold and may raise to stop.
    """
    scores: list[float] = []
    returns = np.full(len(dataset), np.nan)
    model = None
    for number, fold in enumerate(folds):
        model = make()
        train = dataset.rows(fold.train)
        model.fit(train.inputs, train.target, train.weights)
        test = dataset.rows(fold.test)
        said = predictions_of(model, test)
        scores.append(score_of(said, test.target, float(np.var(dataset.target))))
        returns[fold.test] = position_of(said) * test.outcome
        if report is not None:
            report(number, np.array(scores))
    return FoldScores(scores=np.array(scores), returns=returns, last_model=model)


def predictions_of(model: Any, rows: Dataset) -> npt.NDArray[np.float64]:
    """Probabilities float64[m, all classes of the data set] (0 for a class that was not learnt), or values [m]."""
    if rows.task != "classification":
        return np.asarray(model.predict(rows.inputs), dtype=np.float64)
    said = np.zeros((len(rows), len(rows.classes)))
    said[:, model.classes_] = model.predict_proba(rows.inputs)
    return said


def score_of(said: npt.NDArray[np.float64], target: FloatVector, variance: float) -> float:
    """Minus the mean log-loss of probabilities [m, classes], or minus the mean squared error of values over `variance`.

    Probabilities count as 1e-6 at least, so that one confident error does not decide alone.
    """
    if said.ndim == 1:
        return -float(np.mean((said - target) ** 2)) / variance
    right = said[np.arange(target.size), target.astype(np.int64)]
    return float(np.mean(np.log(np.maximum(right, _LEAST_PROBABILITY))))


def position_of(said: npt.NDArray[np.float64]) -> FloatVector:
    """The position implied, -1 to 1: the mean over the classes from -1 (first) to 1 (last), or the sign of a value."""
    if said.ndim == 1:
        return np.sign(said)
    return np.asarray(said @ np.linspace(-1.0, 1.0, said.shape[1]))


def value_of(scores: FloatVector, risk: float) -> float:
    """Mean less `risk` standard deviations over the folds."""
    return float(scores.mean() - risk * scores.std())
