"""An experiment in force, as those who answer requests need it: plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from augury.experiments import UnitKind, assign, unit_of

__all__ = ["MODES", "STATES", "VARIANTS", "Mode", "RunningExperiment", "Variant"]

Mode: TypeAlias = Literal["split", "shadow"]
Variant: TypeAlias = Literal["control", "treatment"]

MODES: tuple[Mode, ...] = ("split", "shadow")
STATES = ("running", "stopped")
VARIANTS: tuple[Variant, ...] = ("control", "treatment")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningExperiment:
    """Which two versions of a model are compared, and who is answered by which.

    `control` and `treatment` are version numbers; the control is the model's champion. In mode "split" a unit is
    answered by its variant, `share` of all units by the treatment; in mode "shadow" every unit is answered by the
    control, the treatment is run beside it, and `share` is 0. `ends_at` is the planned end: from then on it is not in
    force.
    """

    name: str
    model_name: str
    control: int
    treatment: int
    mode: Mode
    unit: UnitKind
    share: float
    salt: str
    ends_at: datetime

    @property
    def versions(self) -> tuple[int, int]:
        """Control and treatment: what has to be hosted."""
        return (self.control, self.treatment)

    def unit_of(self, symbol: str, opened_at_ns: int) -> str:
        """The unit of a bar that opened then (int64 ns UTC); InvalidInput for an empty symbol."""
        return unit_of(self.unit, symbol, opened_at_ns)

    def variant_of(self, unit: str) -> Variant:
        """The variant that answers a unit: always the same one, in every process."""
        if self.mode == "shadow":
            return "control"
        chosen = assign(self.salt, unit, {"treatment": self.share, "control": 1.0 - self.share})
        return "treatment" if chosen == "treatment" else "control"

    def version_of(self, variant: Variant) -> int:
        """The number of a variant's version."""
        return self.treatment if variant == "treatment" else self.control
