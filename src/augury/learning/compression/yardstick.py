"""What is good enough while a step looks for its strength: half of what the certificate will allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.learning.compression.answers import levels_of, rank_agreement, row_losses
from augury.learning.compression.levels import Bounds
from augury.learning.compression.paired_score import mean_bounds
from augury.learning.compression.step import StepContext
from augury.learning.estimators.checks import class_codes

__all__ = ["Yardstick"]

_HALF = 0.5  # the other half is left to later steps and to chance
_NEARLY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yardstick:
    """A model's answers on validation rows and the loss that a changed one may have there.

    `accepts` candidates whose mean loss rises by at most half of `Bounds.loss`, and of `Bounds.skill` of the advantage
    over the base rates, with the certificate's own bound at `Bounds.loss_limit`.
    Where there is no such advantage, their answers must rank the rows like the model's.
    """

    answers: FloatMatrix = field(repr=False)
    target: FloatVector = field(repr=False)
    classes: int
    losses: FloatVector = field(repr=False)
    most_loss: float
    most_upper: float
    least_agreement: float
    opened_at: IntVector = field(repr=False)
    confidence: float
    seed: int

    @classmethod
    def of(cls, model: Any, context: StepContext) -> Self:
        """The yardstick of a fitted model."""
        valid, train = context.validation, context.train.target
        if model.task == "regression":
            answers, target, classes = model.predict_values(valid.inputs)[:, None], valid.target, 0
            base = np.array([[train.mean()]])
        else:
            classes = int(model.classes_.size)
            answers = model.predict_proba(valid.inputs)
            target = class_codes(valid.target, model.classes_, len(valid))
            known = class_codes(train, model.classes_, train.size).astype(np.int64)
            base = np.bincount(known, minlength=classes)[None, :] / known.size
        losses = row_losses(answers, target, classes)
        loss = float(losses.mean())
        base_loss = float(row_losses(np.repeat(base, target.size, axis=0), target, classes).mean())
        return cls(
            answers=answers,
            target=target,
            classes=classes,
            losses=losses,
            opened_at=valid.inputs.opened_at,
            confidence=context.bounds.confidence,
            seed=context.seed,
            most_upper=_NEARLY * context.bounds.loss_limit * loss,
            most_loss=loss + _HALF * allowed_rise(loss, base_loss, context.bounds),
            least_agreement=-1.0 if base_loss > loss else 1.0 - _HALF * context.bounds.divergence,
        )

    def accepts(self, answers: FloatMatrix) -> bool:
        """Whether a candidate's answers on the same rows are good enough."""
        losses = row_losses(answers, self.target, self.classes)
        if float(losses.mean()) > self.most_loss:
            return False
        if rank_agreement(levels_of(self.answers), levels_of(answers)) < self.least_agreement:
            return False
        return mean_bounds(losses - self.losses, self.opened_at, self.confidence, self.seed)[1] <= self.most_upper


def allowed_rise(loss: float, base_loss: float, bounds: Bounds) -> float:
    """What the loss may rise by in all."""
    skill = base_loss - loss
    return min(bounds.loss * loss, bounds.skill * skill) if skill > 0.0 else bounds.loss * loss
