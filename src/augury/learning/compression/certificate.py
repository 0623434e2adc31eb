"""The certificate of a step: what it brings, what it costs, and whether that is accepted, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from augury.learning.compression.footprint import Footprint
from augury.learning.compression.paired_score import PairedScore

__all__ = ["Certificate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Before and after a step, or a whole compression, measured on the same rows of `period`.

    `before` is the model that the step started from, `after` what it made. `score` compares with the *original*
    model, so that the losses of several steps add up; `step_flip_rate` and `step_largest_difference` (of a probability
    or value) compare `after` with `before`. `time_ratios` are medians of time after / before for 1 row and
    64 rows, interleaved; `gains` names what became at least `least_gain` better, beyond the noise of measuring.
    `accepted` with its `reason` in words.
    """

    period: str
    before: Footprint
    after: Footprint
    time_ratios: tuple[float, float]
    score: PairedScore
    step_flip_rate: float
    step_largest_difference: float
    gains: tuple[str, ...]
    accepted: bool
    reason: str

    @property
    def size_cut(self) -> float:
        """Share of the bytes saved."""
        return 1.0 - self.after.size_bytes / self.before.size_bytes

    @property
    def parameter_cut(self) -> float:
        """Share of the parameters saved."""
        return 1.0 - self.after.parameters / self.before.parameters if self.before.parameters else 0.0

    @property
    def time_cuts(self) -> tuple[float, float]:
        """Share of the time saved, for 1 row and for 64 rows; negative where it is slower."""
        return 1.0 - self.time_ratios[0], 1.0 - self.time_ratios[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "period": self.period,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "time_ratios": list(self.time_ratios),
            "score": self.score.to_dict(),
            "step_flip_rate": self.step_flip_rate,
            "step_largest_difference": self.step_largest_difference,
            "size_cut": self.size_cut,
            "parameter_cut": self.parameter_cut,
            "gains": list(self.gains),
            "accepted": self.accepted,
            "reason": self.reason,
        }
