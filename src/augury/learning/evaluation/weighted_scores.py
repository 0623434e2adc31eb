"""Scores as functions of the weight of each row, so that a resample is only another set of weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.learning.evaluation.bins import equal_mass_bins
from augury.learning.evaluation.predictions import Predictions

__all__ = [
    "WeightedScore",
    "accuracy",
    "auc",
    "balanced_accuracy",
    "brier",
    "calibration_error",
    "information_coefficient",
    "log_loss",
    "mean_absolute_error",
    "r2",
]

WeightedScore: TypeAlias = Callable[[FloatVector], float]  # float64[m] row weights, at least 0 -> the score or NaN

_LEAST_ROWS = 3


def log_loss(said: Predictions) -> WeightedScore:
    """Mean negative logarithm of the probability of what happened (probabilities below 1e-15 count as that)."""
    return _mean(said.loss)


def accuracy(said: Predictions) -> WeightedScore:
    """Share of rows whose likeliest class (the lower one on a tie) is the true one."""
    return _mean((said.predicted.argmax(axis=1) == said.target).astype(np.float64))


def brier(said: Predictions) -> WeightedScore:
    """Mean squared error of the last class's probability (two classes); else summed over all classes (Brier 1950)."""
    hit = said.target[:, None] == np.arange(said.classes)
    squares = (said.predicted - hit) ** 2
    return _mean(squares[:, 1] if said.classes == 2 else squares.sum(axis=1))


def mean_absolute_error(said: Predictions) -> WeightedScore:
    """Mean absolute difference between value and target."""
    return _mean(np.abs(said.predicted[:, 0] - said.target))


def balanced_accuracy(said: Predictions) -> WeightedScore:
    """Mean over the classes that occur of the share of their rows that were recognised."""
    hit = (said.predicted.argmax(axis=1) == said.target).astype(np.float64)
    member = [(said.target == c).astype(np.float64) for c in range(said.classes)]

    def score(weights: FloatVector) -> float:
        shares = [_ratio(float(weights @ (own * hit)), float(weights @ own)) for own in member]
        known = [share for share in shares if not math.isnan(share)]
        return sum(known) / len(known) if known else math.nan

    return score


def r2(said: Predictions) -> WeightedScore:
    """1 - squared error / squared error of the mean target that each row's model had learnt from.

    Out of sample it is below 0 for a model worse than that mean. Source: Campbell and Thompson (2008), equation 1.
    """
    error, reference = said.loss, (said.target - said.reference) ** 2
    return lambda weights: 1.0 - _ratio(float(weights @ error), float(weights @ reference))


def calibration_error(said: Predictions, bins: int) -> WeightedScore:
    """Expected calibration error: mean over equal-mass bins of |mean probability - frequency|, weighted by rows.

    Two classes: of the last one's probability; more: the mean over classes of the error of each. It never averages out
    to zero: see `calibration_floor`. Source: Naeini, Cooper and Hauskrecht (2015).
    """
    parts = []
    for c in [1] if said.classes == 2 else range(said.classes):
        which = equal_mass_bins(said.predicted[:, c], bins)
        parts.append((which, said.predicted[:, c] - (said.target == c)))

    def score(weights: FloatVector) -> float:
        total = float(weights.sum())
        if total <= 0.0:
            return math.nan
        errors = [float(np.abs(np.bincount(which, weights * gap)).sum()) / total for which, gap in parts]
        return sum(errors) / len(errors)

    return score


def auc(said: Predictions) -> WeightedScore:
    """Area under the ROC curve inside each fold (mean over folds by rows), one class against the rest, macro mean.

    Folds stay apart because probabilities of different models do not rank each other: pooled, the shift of the base
    rate from fold to fold alone moves the area of a model without any skill below one half (Forman and Scholz 2010).
    """
    judged = [1] if said.classes == 2 else list(range(said.classes))
    parts = [
        (rows, _Ranked(said.predicted[rows, c]), (said.target[rows] == c).astype(np.float64))
        for rows in _cells(said.fold)
        for c in judged
    ]

    def cell(rows: IntVector, ranked: _Ranked, hit: FloatVector, weights: FloatVector) -> float:
        mine = weights[rows]
        positive, negative = float(mine @ hit), float(mine @ (1.0 - hit))
        below = ranked.below(mine * (1.0 - hit))  # ties count one half
        return _ratio(float((mine * hit) @ below), positive * negative)

    return _mean_of_cells([(part[0], partial(cell, *part)) for part in parts])


def information_coefficient(said: Predictions) -> WeightedScore:
    """Spearman correlation of how bullish a prediction is with the outcome, inside each symbol and fold.

    Mean over (symbol, fold) by rows; cells of fewer than 3 rows or with constant predictions are left out.
    """
    number = said.symbol * (int(said.fold.max()) + 1) + said.fold
    parts = [
        (rows, _Ranked(said.edge[rows]), _Ranked(said.outcome[rows]))
        for rows in _cells(number)
        if rows.size >= _LEAST_ROWS and np.ptp(said.edge[rows]) > 0.0 and np.ptp(said.outcome[rows]) > 0.0
    ]

    def cell(rows: IntVector, edges: _Ranked, outcomes: _Ranked, weights: FloatVector) -> float:
        mine = weights[rows]
        return _correlation(edges.below(mine), outcomes.below(mine), mine)

    return _mean_of_cells([(part[0], partial(cell, *part)) for part in parts])


class _Ranked:
    """Values sorted once; ranks of their rows under any weights follow from one cumulative sum."""

    def __init__(self, values: FloatVector) -> None:
        _, self.group = np.unique(values, return_inverse=True)

    def below(self, weights: FloatVector) -> FloatVector:
        """The weight of smaller values plus half that of equal ones, float64[m]: the mid-rank less one half."""
        own = np.bincount(self.group, weights)
        found: FloatVector = (np.cumsum(own) - 0.5 * own)[self.group]
        return found


def _mean(values: FloatVector) -> WeightedScore:
    return lambda weights: _ratio(float(weights @ values), float(weights.sum()))


def _mean_of_cells(cells: list[tuple[IntVector, WeightedScore]]) -> WeightedScore:
    """The mean over cells where the score is defined, by the weight of their rows."""

    def score(weights: FloatVector) -> float:
        total, mass = 0.0, 0.0
        for rows, part in cells:
            value = part(weights)
            if not math.isnan(value):
                own = float(weights[rows].sum())
                total, mass = total + own * value, mass + own
        return _ratio(total, mass)

    return score


def _cells(number: IntVector) -> list[IntVector]:
    return [np.flatnonzero(number == one) for one in np.unique(number)]


def _correlation(x: FloatVector, y: FloatVector, weights: FloatVector) -> float:
    total = float(weights.sum())
    if total <= 0.0:
        return math.nan
    x, y = x - float(weights @ x) / total, y - float(weights @ y) / total
    spread = float(weights @ (x * x)) * float(weights @ (y * y))
    return _ratio(float(weights @ (x * y)), math.sqrt(spread))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0.0 else math.nan
