"""Distillation: a smaller student learns what the original says instead of what came."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.errors import Refused
from augury.extras import require
from augury.learning.compression.step import StepContext
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import holdout
from augury.learning.estimators.families import make_model

__all__ = ["distil", "student_of"]

_STOPPING_SHARE = 0.15


def distil(teacher: Any, student: Any, context: StepContext) -> Any:
    """Fit an unfitted `student` on the teacher's probabilities of the training rows (its values in a regression).

    Every row is given once a class, weighing what the teacher says of it: the cross-entropy against soft targets.
    Early stopping looks at what came, on the last 15 % of the training time.

    Source: Hinton, Vinyals and Dean (2015), "Distilling the knowledge in a neural network".
    """
    fold = holdout(context.train, _STOPPING_SHARE)
    learn, stop = context.train.rows(fold.train), context.train.rows(fold.test)
    inputs, target, weights = _soft_rows(teacher, learn)
    return student.fit(inputs, target, weights, validation=(stop.inputs, stop.target), track=context.track)


def student_of(model: Any) -> Any:
    """The student for a model: half the units for networks, 100 trees of depth 4 for what reads tables.

    Raises Refused for linear models, which have no smaller form, and for ensembles that read no tables.
    """
    options = {"task": model.task, "seed": model.seed}
    if model.family in ("lstm", "gru"):
        return _like(model, hidden=max(2, model.hidden // 2), layers=max(1, model.layers // 2))
    if model.family == "transformer":
        heads = max(1, model.heads // 2)
        width = heads * (model.width // model.heads)
        return _like(
            model,
            width=width,
            heads=heads,
            blocks=max(1, model.blocks // 2),
            feed_forward=max(2, model.feed_forward // 2),
        )
    if model.family == "chart_cnn":
        return _like(model, channels=max(2, model.channels // 2))
    if model.family == "linear":
        raise Refused("a linear model has no smaller student")
    if any(member.input_kind != "tabular" for member in getattr(model, "models_", [model])):
        raise Refused("the members read other inputs than tables; distil into a student of your own")
    return make_model("xgboost(rounds=100, max_depth=4, learning_rate=0.1, patience=None)", **options)


def _like(model: Any, **options: Any) -> Any:
    clone = require("sklearn.base", extra="learn").clone
    return clone(model).set_params(**options, checkpoint=None, class_weights=False)


def _soft_rows(teacher: Any, rows: Dataset) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of the rows to learn from."""
    if teacher.task == "regression":
        return rows.inputs, teacher.predict_values(rows.inputs), rows.weights
    said = teacher.predict_proba(rows.inputs)
    count, classes = said.shape
    places = np.repeat(np.arange(count), classes)  # rows stay in order of time
    return (
        rows.inputs[places],
        np.tile(teacher.classes_, count).astype(np.float64),
        (said * rows.weights[:, None]).ravel(),
    )
