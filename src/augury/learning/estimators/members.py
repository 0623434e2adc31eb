"""The members of an ensemble: made from texts, fitted on the same rows, and asked together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.estimator import Task, Track
from augury.learning.estimators.families import make_model

__all__ = ["ask_members", "fit_members", "make_members", "member_losses", "require_members", "take_rows"]

_LEAST_PROBABILITY = 1e-15


def require_members(name: str, members: Sequence[str]) -> None:
    """InvalidInput unless there are two or more members, all different."""
    if len(members) < 2 or len(set(members)) < len(members):
        raise InvalidInput(
            f"{name}.members = {tuple(members)!r}: Expected two or more different models, such as "
            "('linear', 'xgboost'); give the same model other seeds to use it twice"
        )


def make_members(texts: Sequence[str], task: Task, seed: int) -> list[Any]:
    """Unfitted members; each learns the ensemble's task with its own seed plus the ensemble's.

    Raises InvalidInput or NotFound for a text that names no model.
    """
    members = [make_model(text, task=task) for text in texts]
    return [member.set_params(seed=member.seed + seed) for member in members]


def fit_members(
    members: Sequence[Any],
    inputs: Any,
    target: Any,
    weights: Any,
    *,
    validation: tuple[Any, Any] | None = None,
    track: Track | None = None,
) -> list[Any]:
    """Each member fitted on these rows; every one reads its own kind of input of them."""
    steps = members if track is None else track(members, len(members))
    fitted = [member.fit(inputs, target, weights, validation=validation) for member in steps]
    classes = [member.classes_.tolist() for member in fitted if member.task == "classification"]
    if any(found != classes[0] for found in classes[1:]):
        raise InvalidInput(f"the members learnt different classes, {classes}; pass rows that hold every class")
    return fitted


def ask_members(members: Sequence[Any], inputs: Any) -> npt.NDArray[np.float64]:
    """What each member says: probabilities float64[m, members, classes], or values float64[m, members, 1]."""
    if members[0].task == "classification":
        return np.stack([member.predict_proba(inputs) for member in members], axis=1)
    return np.stack([member.predict_values(inputs) for member in members], axis=1)[:, :, None]


def member_losses(said: npt.NDArray[np.float64], target: FloatVector, classes: IntVector | None) -> FloatMatrix:
    """Loss of each member on each row, float64[m, members]: log-loss, or the squared error in a regression.

    `target` holds positions in `classes`, or values when `classes` is None.
    """
    if classes is None:
        squared: FloatMatrix = (said[:, :, 0] - target[:, None]) ** 2
        return squared
    right = np.take_along_axis(said, target.astype(np.int64)[:, None, None], axis=2)[:, :, 0]
    return -np.log(np.maximum(right, _LEAST_PROBABILITY))


def take_rows(inputs: Any, rows: IntVector) -> Any:
    """Some rows of `Inputs`, of a frame or of anything that an array can be made of."""
    if hasattr(inputs, "iloc"):
        return inputs.iloc[rows]
    return inputs[rows] if isinstance(inputs, Inputs) else np.asarray(inputs)[rows]
