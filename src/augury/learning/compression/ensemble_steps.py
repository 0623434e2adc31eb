"""Steps for ensembles: members chosen by what they add, members without weight dropped."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatVector
from augury.errors import Refused
from augury.extras import require
from augury.learning.compression.answers import row_losses
from augury.learning.compression.step import StepContext
from augury.learning.data.folds import purged_folds
from augury.learning.estimators.checks import class_codes
from augury.learning.estimators.families import model_text
from augury.learning.estimators.members import ask_members
from augury.validation.splits import PurgedSpec

__all__ = ["drop_members", "greedy_weights", "select_members", "with_members"]

_LEAST_WEIGHT = 0.02
_FOLDS = 3
_BAGS = 20
_PICKS = 25


def select_members(model: Any, context: StepContext) -> Any:
    """Members and weights by greedy selection with replacement on out-of-fold predictions of the training rows.

    A stack has those predictions; for other ensembles the members are fitted on 3 purged folds. One member that is left
    alone takes the ensemble's place.
    """
    said = getattr(model, "out_of_fold_", None)
    if said is None or said.shape[0] != len(context.train) or said.shape[1] != len(model.models_):
        said = _out_of_fold(model, context)
    target = context.train.target
    if model.task == "classification":
        target = class_codes(target, model.classes_, target.size)
    weights = greedy_weights(said, target, classes=_classes(model), seed=context.seed)
    if np.count_nonzero(weights) == len(model.models_):
        raise Refused("every member is chosen: " + ", ".join(f"{weight:.2f}" for weight in weights))
    return with_members(model, weights)


def drop_members(model: Any, context: StepContext) -> Any:  # noqa: ARG001 - a step's form
    """Leave out members that weigh less than 0.02 and share their weight out."""
    shares = model.weights_ / model.weights_.sum()
    if (shares >= _LEAST_WEIGHT).all():
        raise Refused(f"every member weighs at least {_LEAST_WEIGHT}")
    return with_members(model, np.where(shares >= _LEAST_WEIGHT, model.weights_, 0.0))


def greedy_weights(said: npt.NDArray[np.float64], target: FloatVector, *, classes: int, seed: int) -> FloatVector:
    """Weights float64[members] that sum to 1: how often each member is picked, weights below 0.02 dropped.

    `said` float64[n, members, columns], rows with NaN left out; `target` positions in the classes or values. Each of 20
    bags draws half of the members and picks 25 times, with replacement, the one that lowers the mean loss most.

    Source: Caruana et al. (2004), "Ensemble selection from libraries of models", ICML, sections 2.1 to 2.3.
    """
    known = ~np.isnan(said).any(axis=(1, 2))
    said, target = said[known], target[known]
    random = np.random.default_rng(seed)
    count = said.shape[1]
    picks = np.zeros(count)
    for _ in range(_BAGS):
        bag = np.flatnonzero(random.random(count) < 0.5)
        if bag.size < 2:
            bag = np.arange(count)
        total = np.zeros(said[:, 0].shape)
        for chosen in range(1, _PICKS + 1):
            losses = [row_losses((total + said[:, at]) / chosen, target, classes).mean() for at in bag]
            best = int(bag[int(np.argmin(losses))])
            picks[best] += 1.0
            total = total + said[:, best]
    shares = picks / picks.sum()
    shares[shares < _LEAST_WEIGHT] = 0.0
    return np.asarray(shares / shares.sum())


def with_members(model: Any, weights: FloatVector) -> Any:
    """The ensemble of the members with a weight, a plain weighted mean; the member itself when it is the only one."""
    chosen = np.flatnonzero(weights)
    if chosen.size == 1 and (model.task == "classification" or model.family == "average"):
        return model.models_[int(chosen[0])]
    found = copy.copy(model)
    found.models_ = [model.models_[at] for at in chosen]
    found.members = tuple(model_text(member) for member in found.models_)
    kept = np.asarray(weights, dtype=np.float64)[chosen]
    found.weights_ = kept * (model.weights_.sum() / kept.sum())
    if model.family == "average":
        found.combine = "mean"
        found.losses_, found.known_at_ = np.empty((0, chosen.size)), np.empty(0, dtype=np.int64)
    elif hasattr(model, "out_of_fold_"):
        found.out_of_fold_ = model.out_of_fold_[:, chosen]
    return found


def _classes(model: Any) -> int:
    return int(model.classes_.size) if model.task == "classification" else 0


def _out_of_fold(model: Any, context: StepContext) -> npt.NDArray[np.float64]:
    clone = require("sklearn.base", extra="learn").clone
    train = context.train
    said = np.full((len(train), len(model.models_), max(_classes(model), 1)), np.nan)
    for fold in purged_folds(train, PurgedSpec(groups=_FOLDS, test_groups=1)):
        learn, asked = train.rows(fold.train), train.rows(fold.test)
        fitted = [clone(member).fit(learn.inputs, learn.target, learn.weights) for member in model.models_]
        said[fold.test] = ask_members(fitted, asked.inputs)
    return said
