"""Saying nothing where a model is not sure enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.artefacts.manifest import Abstention
from augury.learning.evaluation.reliability import wilson_interval
from augury.validation.outcome import Outcome

__all__ = ["ABSTAIN", "FittedAbstention", "decide", "fit_abstention"]

ABSTAIN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedAbstention(Outcome):
    """Decide only where the likeliest class has at least probability `threshold`.

    On the rows that it was chosen on, `decided` is the share decided and `accuracy` theirs, with Wilson's interval at
    95 % for independent rows. Without a threshold that keeps what was asked it is infinite, everything is left
    undecided, and `reason` says so.
    """

    wanted: float
    threshold: float
    decided: float
    accuracy: float
    lower: float
    upper: float
    rows: int

    @property
    def rule(self) -> Abstention:
        """The same for an artefact's manifest; out of reach, only a certainty decides."""
        return Abstention(min_probability=min(self.threshold, 1.0))


def fit_abstention(
    probabilities: FloatMatrix, target: npt.ArrayLike, accuracy: float = 0.6, *, least_rows: int = 50
) -> FittedAbstention:
    """The lowest threshold from which on the decided rows are right at least as often as asked.

    "From which on": every higher threshold that still decides `least_rows` rows keeps the accuracy too, so that the
    choice does not rest on a lucky stretch. Fit it on calibrated out-of-fold probabilities. Raises InvalidInput for an
    accuracy outside (0, 1).
    """
    raw, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(target)
    if not 0.0 < accuracy < 1.0:
        raise InvalidInput(f"accuracy should lie between 0 and 1, such as 0.6, got {accuracy}")
    if raw.ndim != 2 or truth.shape != raw.shape[:1]:
        raise InvalidInput(f"expected probabilities [rows, classes] and as many targets, got {list(raw.shape)}")
    sure, right = raw.max(axis=1), (raw.argmax(axis=1) == truth).astype(np.float64)
    levels, group = np.unique(-sure, return_inverse=True)
    rows = np.cumsum(np.bincount(group)).astype(np.float64)
    hits: FloatVector = np.cumsum(np.bincount(group, right)).astype(np.float64)
    enough = rows >= least_rows
    good = np.where(enough, hits >= accuracy * rows - 1e-9, True)
    kept = np.logical_and.accumulate(good) & enough
    if not kept.any():
        best = float((hits[enough] / rows[enough]).max()) if enough.any() else math.nan
        return FittedAbstention(
            method="lowest lasting threshold",
            reason=f"no threshold decides {least_rows} rows with accuracy {accuracy:.1%}; the best is {best:.1%}",
            wanted=accuracy,
            threshold=math.inf,
            decided=0.0,
            accuracy=math.nan,
            lower=math.nan,
            upper=math.nan,
            rows=int(truth.size),
        )
    at = int(np.flatnonzero(kept)[-1])
    lower, upper = wilson_interval(hits[at : at + 1], rows[at : at + 1], 0.95)
    return FittedAbstention(
        method="lowest lasting threshold",
        wanted=accuracy,
        threshold=float(-levels[at]),
        decided=float(rows[at] / truth.size),
        accuracy=float(hits[at] / rows[at]),
        lower=float(lower[0]),
        upper=float(upper[0]),
        rows=int(truth.size),
    )


def decide(probabilities: FloatMatrix, abstention: FittedAbstention | float) -> IntVector:
    """The likeliest class of each row, int64[m], or -1 (`ABSTAIN`) where it is less sure than the threshold."""
    threshold = abstention if isinstance(abstention, float) else abstention.threshold
    raw = np.asarray(probabilities, dtype=np.float64)
    found: IntVector = np.where(raw.max(axis=1) >= threshold, raw.argmax(axis=1), ABSTAIN).astype(np.int64)
    return found
