"""Prediction: calibrated probabilities of some rows, with what was decided and where the model abstains."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.artefacts.arrays import Probabilities
from augury.learning.artefacts.calibration_map import calibrate
from augury.learning.artefacts.manifest import Abstention, Manifest

__all__ = ["Prediction", "prediction_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """What a model says about m rows.

    `probabilities` float64[m, classes] are calibrated, `raw` are the graph's own; NaN where a row could not be judged.
    `decision` int64[m] is the position of the likeliest class in `classes`, -1 where there is none: unknown or
    `abstained` bool[m]. A regression has no classes, its `raw` float64[m, 1] are the values.
    """

    classes: tuple[str, ...]
    probabilities: Probabilities = field(repr=False)
    raw: Probabilities = field(repr=False)
    decision: IntVector = field(repr=False)
    abstained: BoolVector = field(repr=False)

    def __len__(self) -> int:
        return int(self.raw.shape[0])

    @property
    def p_up(self) -> FloatVector:
        """The probability of the most bullish class, the last, float64[m]. InvalidInput for a regression."""
        if not self.classes:
            raise InvalidInput("this model is a regression: it predicts values, not the probability of a rise")
        return self.probabilities[:, -1]

    @property
    def direction(self) -> FloatVector:
        """What a position follows, float64[m]: the probability of a rise, or the value of a regression.

        With more than two classes it is the share of the last class in the first and the last, so that 0.5 leans
        neither way; NaN where both are 0.
        """
        if len(self.classes) <= 2:
            return self.p_up if self.classes else self.values
        up, down = self.probabilities[:, -1], self.probabilities[:, 0]
        either = up + down
        return np.asarray(up / np.where(either > 0.0, either, np.nan))

    @property
    def values(self) -> FloatVector:
        """The predicted values of a regression, float64[m]. InvalidInput for a classification."""
        if self.classes:
            raise InvalidInput(f"this model tells {', '.join(self.classes)} apart; read probabilities instead")
        return self.raw[:, 0]

    def to_frame(self) -> pd.DataFrame:
        """One row each: the probability of each class, the decision in words and whether it abstained; or the value."""
        if not self.classes:
            return pd.DataFrame({"value": self.values})
        named = np.array([*self.classes, ""], dtype=object)
        return pd.DataFrame(
            {name: self.probabilities[:, place] for place, name in enumerate(self.classes)}
            | {"decision": named[self.decision], "abstained": self.abstained}
        )


def prediction_of(raw: Probabilities, manifest: Manifest) -> Prediction:
    """Calibrate raw outputs and decide; pure, and row by row the same whatever other rows there are."""
    if not manifest.classes:
        nothing = np.full(raw.shape[0], -1, dtype=np.int64)
        empty = np.empty((raw.shape[0], 0))
        return Prediction(
            classes=(), probabilities=empty, raw=raw, decision=nothing, abstained=np.zeros(raw.shape[0], dtype=np.bool_)
        )
    probabilities = calibrate(raw, manifest.calibration)
    unknown: BoolVector = np.asarray(np.isnan(probabilities).any(axis=1))
    abstained = _abstains(probabilities, manifest.abstention) & ~unknown
    decision = np.where(unknown[:, None], 0.0, probabilities).argmax(axis=1).astype(np.int64)
    decision[unknown | abstained] = -1
    return Prediction(
        classes=manifest.classes, probabilities=probabilities, raw=raw, decision=decision, abstained=abstained
    )


def _abstains(probabilities: Probabilities, rule: Abstention) -> BoolVector:
    unsure: BoolVector = ~(probabilities.max(axis=1) >= rule.min_probability)
    if rule.conformal_quantile is not None:
        in_set = np.asarray(1.0 - probabilities <= rule.conformal_quantile)
        unsure |= in_set.sum(axis=1) != 1
    return unsure
