"""Steps for boosted trees: fewer rounds, shallower trees, fewer features, splits pruned away."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import Refused
from augury.extras import require
from augury.learning.compression.answers import row_losses
from augury.learning.compression.booster_surgery import with_columns, without_deleted_nodes
from augury.learning.compression.step import StepContext
from augury.learning.compression.yardstick import Yardstick
from augury.learning.data.dataset import Dataset
from augury.learning.estimators.checks import class_codes, read_for_prediction

__all__ = ["chosen_columns", "cut_features", "limit_depth", "prune_splits", "truncate_rounds"]

_TRIED_ROUNDS = 60
_GAIN_SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
_PERMUTATIONS = 3
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def truncate_rounds(model: Any, context: StepContext) -> Any:
    """Keep the first k rounds: the smallest k whose answers on validation rows are good enough (see `Yardstick`).

    The trees after them are cut out of the booster (`booster[:k]`); telling a booster to use fewer rounds would leave
    its size and its predictions as they were.
    """
    rounds = model.booster_.num_boosted_rounds()
    yardstick = Yardstick.of(model, context)
    for count in np.unique(np.geomspace(1, rounds, _TRIED_ROUNDS).astype(np.int64)).tolist()[:-1]:
        if yardstick.accepts(_said(model, context.validation, rounds=count)):
            return _with_booster(model, model.booster_[:count])
    raise Refused(f"no fewer than all {rounds} rounds are good enough on validation rows")


def limit_depth(model: Any, context: StepContext) -> Any:
    """Learn again, as many rounds, with the smallest depth whose answers on validation rows are good enough."""
    yardstick = Yardstick.of(model, context)
    for depth in range(2, model.max_depth):
        shallow = _refitted(model, context.train, max_depth=depth)
        if yardstick.accepts(_said(shallow, context.validation)):
            return shallow
    raise Refused(f"no depth below {model.max_depth} is good enough on validation rows")


def cut_features(model: Any, context: StepContext) -> Any:
    """Learn again without the features whose permutation on validation rows costs least.

    `cut_share` of the columns go. The model still takes all columns and reads those kept. Source: Breiman (2001),
    section 10, permutation importance.
    """
    columns = model.n_features_in_
    keep = max(1, math.ceil(columns * (1.0 - context.bounds.cut_share)))
    if keep >= columns:
        raise Refused(f"of {columns} features none can be cut")
    costs = _permutation_costs(model, context)
    kept = np.sort(np.argsort(-costs, kind="stable")[:keep]).astype(np.int64)
    fewer = _refitted(model, chosen_columns(context.train, kept))
    return _with_booster(model, with_columns(fewer.booster_, kept, columns, model.booster_.feature_names))


def prune_splits(model: Any, context: StepContext) -> Any:
    """Turn splits of little gain into leaves: the largest `gamma` that leaves good enough answers on validation rows.

    XGBoost's updater "prune" on the trees as they are; nothing is learnt again.
    """
    gains = model.booster_.trees_to_dataframe().query("Feature != 'Leaf'")["Gain"].to_numpy(dtype=np.float64)
    if gains.size == 0:
        raise Refused("the trees have no splits")
    yardstick = Yardstick.of(model, context)
    for share in _GAIN_SHARES:
        pruned = _pruned(model, context.train, gamma=float(np.quantile(gains, share)))
        if yardstick.accepts(_said(pruned, context.validation)):
            return pruned
    raise Refused("no pruning of splits is good enough on validation rows")


def chosen_columns(dataset: Dataset, chosen: IntVector) -> Dataset:
    """The same rows with some columns only."""
    inputs = dataset.inputs
    tables = tuple(np.ascontiguousarray(table[:, chosen]) for table in inputs.tables)
    names = tuple(inputs.columns[at] for at in chosen)
    return replace(dataset, inputs=replace(inputs, tables=tables, columns=names))


def _table(model: Any, dataset: Dataset) -> FloatMatrix:
    table: FloatMatrix = read_for_prediction(model, dataset.inputs, allow_nan=True)
    return np.clip(table, -_FLOAT32_MAX, _FLOAT32_MAX)


def _said(model: Any, dataset: Dataset, rounds: int = 0) -> FloatMatrix:
    """Answers of the first rounds (0: all), float64[n, classes or 1]."""
    return _said_of(model, _table(model, dataset), rounds)


def _said_of(model: Any, table: FloatMatrix, rounds: int = 0) -> FloatMatrix:
    found = model.booster_.inplace_predict(table, iteration_range=(0, rounds), validate_features=False)
    said = np.asarray(found, dtype=np.float64)
    if model.task == "regression":
        return said[:, None]
    return np.column_stack([1.0 - said, said]) if said.ndim == 1 else said


def _refitted(model: Any, train: Dataset, **options: Any) -> Any:
    """A model of the same options and as many rounds, fitted on all training rows."""
    base = require("sklearn.base", extra="learn")
    again = base.clone(model).set_params(rounds=model.booster_.num_boosted_rounds(), patience=None, **options)
    return again.fit(train.inputs, train.target, train.weights)


def _with_booster(model: Any, booster: Any) -> Any:
    """A copy of the model around another booster."""
    booster.set_param({"nthread": model.threads})
    rounds = int(booster.num_boosted_rounds())
    booster.set_attr(best_iteration=str(rounds - 1))
    found = copy.copy(model)
    found.booster_, found.best_round_ = booster, rounds
    return found


def _permutation_costs(model: Any, context: StepContext) -> FloatVector:
    """How much the validation loss rises when each column is shuffled, float64[columns]."""
    random = np.random.default_rng(context.seed)
    table, target = _table(model, context.validation), context.validation.target
    classes = 0
    if model.task == "classification":
        target, classes = class_codes(target, model.classes_, target.size), model.classes_.size
    whole = row_losses(_said_of(model, table), target, classes).mean()
    costs = np.zeros(table.shape[1])
    for column in range(table.shape[1]):
        for _ in range(_PERMUTATIONS):
            shuffled = table.copy()
            shuffled[:, column] = random.permutation(shuffled[:, column])
            loss = row_losses(_said_of(model, shuffled), target, classes).mean()
            costs[column] += (loss - whole) / _PERMUTATIONS
    return costs


def _pruned(model: Any, train: Dataset, gamma: float) -> Any:
    xgboost = require("xgboost", extra="learn")
    codes = train.target
    if model.task == "classification":
        codes = class_codes(train.target, model.classes_, train.target.size)
    matrix = xgboost.DMatrix(
        _table(model, train), codes, feature_names=model.booster_.feature_names, nthread=model.threads
    )
    options = {"process_type": "update", "updater": "prune", "gamma": gamma, "learning_rate": model.learning_rate}
    options |= {"nthread": model.threads, "verbosity": 0, "max_depth": 0, "reg_lambda": model.reg_lambda}
    rounds = model.booster_.num_boosted_rounds()
    start = xgboost.Booster(model_file=bytearray(model.booster_.save_raw("ubj")))
    pruned = xgboost.train(options, matrix, num_boost_round=rounds, xgb_model=start)
    return _with_booster(model, without_deleted_nodes(pruned))
