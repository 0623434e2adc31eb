"""Fitting one model a fold and asking it about the rows it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import CombinatorialFolds, Fold, require_disjoint
from augury.learning.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from augury.learning.estimators.estimator import Track

__all__ = ["FoldModels", "ask", "checked_folds", "fit_folds", "paths_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldModels:
    """The model fitted for each fold, what it said of the fold's test rows and the mean target that it learnt from."""

    folds: tuple[Fold, ...]
    models: tuple[Any, ...] = field(repr=False)
    said: tuple[FloatMatrix, ...] = field(repr=False)
    means: tuple[float, ...]


def checked_folds(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Fold, ...]:
    """The folds as they are, once no training label of any reaches into its test rows.

    The check looks at times alone and knows nothing of how the folds were made. Raises InvalidInput.
    """
    for number, fold in enumerate(folds):
        if np.intersect1d(fold.train, fold.test).size:
            raise InvalidInput(f"fold {number}: the same rows are trained on and tested; split with purged_folds")
        try:
            require_disjoint(dataset.inputs[fold.train], dataset.inputs[fold.test])
        except InvalidInput as error:
            raise InvalidInput(f"fold {number}: {error}") from error
    return tuple(folds)


def fit_folds(
    dataset: Dataset, folds: Sequence[Fold], make: Callable[[], Any], track: Track | None = None
) -> FoldModels:
    """A fresh model a fold, fitted on its training rows with their weights, asked about its test rows.

    `track(iterable, total)` shows progress by folds and, handed to each fit, by epochs or rounds.
    """
    models, said, means = [], [], []
    more = {} if track is None else {"track": track}
    for fold in folds if track is None else track(folds, len(folds)):
        train = dataset.rows(fold.train)
        model = make()
        model.fit(train.inputs, train.target, train.weights, **more)
        models.append(model)
        said.append(ask(model, dataset.inputs[fold.test], len(dataset.classes)))
        means.append(float(train.target.mean()))
    return FoldModels(folds=tuple(folds), models=tuple(models), said=tuple(said), means=tuple(means))


def ask(model: Any, inputs: Any, classes: int) -> FloatMatrix:
    """Probabilities float64[m, classes] with a column for every class of the data set, or values float64[m, 1].

    A class that the model did not see while it learnt has probability 0.
    """
    if not classes:
        return np.asarray(model.predict(inputs), dtype=np.float64).reshape(-1, 1)
    found = np.zeros((len(inputs), classes))
    found[:, np.asarray(model.classes_, dtype=np.int64)] = model.predict_proba(inputs)
    return found


def paths_of(
    dataset: Dataset, fitted: FoldModels, combinatorial: CombinatorialFolds | None = None
) -> tuple[Predictions, ...]:
    """Whole histories: one where every row is tested once, several where folds test combinations of groups."""
    if combinatorial is None:
        return (_history(dataset, fitted, [np.ones(fold.test.size, dtype=np.bool_) for fold in fitted.folds]),)
    found = []
    for path in combinatorial.paths:
        chosen = []
        for number, fold in enumerate(fitted.folds):
            groups = np.flatnonzero(path == number)
            chosen.append(np.isin(combinatorial.group[fold.test], groups))
        found.append(_history(dataset, fitted, chosen))
    return tuple(found)


def _history(dataset: Dataset, fitted: FoldModels, chosen: list[Any]) -> Predictions:
    parts = list(zip(fitted.folds, chosen, strict=True))
    row = np.concatenate([fold.test[mine] for fold, mine in parts])
    sizes = [int(mine.sum()) for mine in chosen]
    if np.unique(row).size != row.size:
        raise InvalidInput("expected every row in at most one fold's test rows; split with purged_folds")
    order = np.argsort(row, kind="stable")
    inputs = dataset.inputs[row[order]]
    return Predictions(
        classes=len(dataset.classes),
        predicted=np.concatenate([said[mine] for said, mine in zip(fitted.said, chosen, strict=True)])[order],
        target=dataset.target[row[order]],
        outcome=dataset.outcome[row[order]],
        reference=np.repeat(np.array(fitted.means), sizes)[order],
        symbol=inputs.symbol,
        bar=inputs.bar,
        opened_at=inputs.opened_at,
        label_end=inputs.label_end,
        fold=np.repeat(np.arange(len(sizes)), sizes)[order],
        row=row[order],
    )
