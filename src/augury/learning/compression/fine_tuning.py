"""Training a cut network on for a tenth of its epochs."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any

import numpy as np

from augury.errors import InvalidInput
from augury.learning.compression.answers import row_losses
from augury.learning.compression.step import StepContext
from augury.learning.estimators.checks import class_codes
from augury.learning.estimators.network_data import FitRows, Lesson, lesson_of
from augury.learning.estimators.torch_scope import chosen_device
from augury.learning.estimators.torch_training import MemberTraining

__all__ = ["fine_tune"]

_SHARE_OF_EPOCHS = 0.1
_FEWEST_EPOCHS = 2


def fine_tune(model: Any, context: StepContext) -> Any:
    """The model with every member trained on, best epoch by the last 15 % of the training rows kept.

    A tenth of `epochs`, at least two, with the model's own loss, class weights and learning rate. When those rows are
    predicted worse than without, the model is given back as it was.
    """
    epochs = max(_FEWEST_EPOCHS, math.ceil(model.epochs * _SHARE_OF_EPOCHS))
    options = model.checked_options().replace(epochs=epochs, patience=epochs, checkpoint=None)
    options = options.replace(seed=(options.seed + context.seed) % 2**31)
    rows = context.train
    given = FitRows.checked(rows.inputs, rows.target, rows.weights)
    fit, stop = given.blocks()
    lesson = lesson_of(options, model.input_kind, given, (fit, stop))
    _refuse_other_classes(model, lesson)
    found = copy.copy(model)
    found.module_ = copy.deepcopy(model.module_)
    device = chosen_device(options.device)
    for place, member in enumerate(found.module_.members):
        training = MemberTraining(partial(copy.deepcopy, member), found.module_.scaling, lesson, options, place, device)
        for _ in range(epochs) if context.track is None else context.track(range(epochs), epochs):
            training.step()
        member.load_state_dict(training.best_weights())
    if lesson.scale is not None:
        found.module_.target_centre.fill_(lesson.scale[0])
        found.module_.target_scale.fill_(lesson.scale[1])
    found.module_.eval()
    return found if _loss(found, stop) < _loss(model, stop) else model


def _loss(model: Any, rows: FitRows) -> float:
    """Weighted mean loss on rows."""
    if model.task == "regression":
        losses = row_losses(model.predict_values(rows.inputs)[:, None], rows.target, 0)
    else:
        codes = class_codes(rows.target, model.classes_, len(rows))
        losses = row_losses(model.predict_proba(rows.inputs), codes, int(model.classes_.size))
    return float(np.average(losses, weights=rows.weights))


def _refuse_other_classes(model: Any, lesson: Lesson) -> None:
    learnt = model.classes_.tolist() if model.task == "classification" else None
    held = None if lesson.classes is None else lesson.classes.tolist()
    if learnt != held:
        raise InvalidInput(
            f"the model learnt the classes {learnt}, the training rows hold {held}; pass the rows that it was fitted on"
        )
