"""Two models on the same rows: how the loss changes, with an interval that respects time, and which decisions flip."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import NotEnoughData
from augury.learning.compression.answers import Answers, JudgedRows, rank_agreement
from augury.validation.bootstrap import BootstrapSpec, bootstrap_intervals

__all__ = ["PairedScore", "mean_bounds", "paired_score"]

_SAME = 1e-12
_REPLICATIONS = 1999


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScore:
    """Losses before and after on the same `rows`, and their mean difference with its interval.

    `loss_*` are mean log-losses (mean squared errors in a regression); `base_loss` that of the training rows' class
    shares. `difference` is after minus before, [`lower`, `upper`] its interval: each bound is one-sided at
    `confidence`. Accuracies are NaN in a regression. `accuracy_gain_upper` is the upper one-sided bound of the gain in
    accuracy: below zero, the accuracy fell for certain. `agreement` is the rank correlation of the answers.
    """

    rows: int
    times: int
    loss_before: float
    loss_after: float
    base_loss: float
    difference: float
    lower: float
    upper: float
    confidence: float
    accuracy_before: float
    accuracy_after: float
    accuracy_gain_upper: float
    flip_rate: float
    agreement: float
    largest_difference: float

    @property
    def relative_loss(self) -> float:
        """The rise of the loss as a fraction of the loss before; negative where it fell."""
        return self.difference / self.loss_before if self.loss_before else math.copysign(math.inf, self.difference)

    @property
    def relative_upper(self) -> float:
        """The same for the upper bound."""
        return self.upper / self.loss_before if self.loss_before else math.copysign(math.inf, self.upper)

    @property
    def skill_before(self) -> float:
        """How much lower the loss before was than that of the base rates; zero or less: nothing of use was learnt."""
        return self.base_loss - self.loss_before

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the derived ones included."""
        return asdict(self) | {
            "relative_loss": self.relative_loss,
            "relative_upper": self.relative_upper,
            "skill_before": self.skill_before,
        }


def paired_score(before: Answers, after: Answers, rows: JudgedRows, *, confidence: float, seed: int) -> PairedScore:
    """Compare answers about the same rows.

    Rows of one time stand together: their differences are summed, and times are resampled in blocks (stationary
    bootstrap; Politis and Romano 1994, block length by Politis and White 2004). Raises NotEnoughData when the rows have
    too few times for it.
    """
    difference = after.losses - before.losses
    lower, upper = mean_bounds(difference, rows.opened_at, confidence, seed)
    classified = rows.classes > 0
    gain = after.right - before.right
    return PairedScore(
        rows=len(rows),
        times=int(np.unique(rows.opened_at).size),
        loss_before=float(before.losses.mean()),
        loss_after=float(after.losses.mean()),
        base_loss=float(rows.base_losses.mean()),
        difference=float(difference.mean()),
        lower=lower,
        upper=upper,
        confidence=confidence,
        accuracy_before=float(before.right.mean()) if classified else math.nan,
        accuracy_after=float(after.right.mean()) if classified else math.nan,
        accuracy_gain_upper=mean_bounds(gain, rows.opened_at, confidence, seed)[1] if classified else math.nan,
        agreement=rank_agreement(before.levels, after.levels),
        flip_rate=float((before.decisions != after.decisions).mean()),
        largest_difference=float(np.abs(before.said - after.said).max()),
    )


def mean_bounds(values: FloatVector, opened_at: IntVector, confidence: float, seed: int) -> tuple[float, float]:
    """One-sided bounds, each at `confidence`, of the mean of values float64[n] over rows at those times.

    Raises NotEnoughData for fewer than 20 times.
    """
    times, place = np.unique(opened_at, return_inverse=True)
    by_time = np.asarray(np.bincount(place, weights=values) * (times.size / values.size), dtype=np.float64)
    if float(np.ptp(by_time)) < _SAME:
        return float(values.mean()), float(values.mean())
    spec = BootstrapSpec(replications=_REPLICATIONS)
    found = bootstrap_intervals(by_time, ("mean",), spec, seed=seed, threads=1)[0]
    if found.reason is not None:
        raise NotEnoughData(f"models cannot be compared on {times.size} times: {found.reason}; pass a longer history")
    low, high = np.quantile(found.distribution, [1.0 - confidence, confidence])
    return float(2.0 * values.mean() - high), float(2.0 * values.mean() - low)
