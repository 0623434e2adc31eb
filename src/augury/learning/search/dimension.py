"""One option that a search may change: whole or real numbers within bounds, or one of several choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from augury.errors import InvalidInput
from augury.extras import require
from augury.spec import Spec

__all__ = ["Choice", "Dimension", "distribution"]

Choice: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension(Spec):
    """An option by name: `low` to `high`, both included, on a logarithmic scale if `log`; or one of `choices`."""

    name: Annotated[str, Meta(min_length=1)]
    kind: Literal["int", "float", "categorical"]
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Choice, ...] = ()

    def check(self) -> None:
        """Bounds or choices, in order, whole for whole numbers and positive on a logarithmic scale."""
        if self.kind == "categorical":
            if len(self.choices) < 2 or len(set(map(repr, self.choices))) < len(self.choices):
                raise InvalidInput(f"Dimension {self.name!r}: Expected two or more different choices")
            return
        whole = float(self.low).is_integer() and float(self.high).is_integer()
        least = 0.0 if self.kind == "float" else 0.5
        if not self.low < self.high or (self.kind == "int" and not whole) or (self.log and self.low <= least):
            raise InvalidInput(
                f"Dimension {self.name!r}: Expected low < high (whole for 'int', above 0 where log), "
                f"got {self.low} to {self.high}"
            )


def distribution(dimension: Dimension) -> Any:
    """The Optuna distribution of a dimension."""
    found = require("optuna.distributions", extra="learn")
    if dimension.kind == "categorical":
        return found.CategoricalDistribution(dimension.choices)
    if dimension.kind == "int":
        return found.IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return found.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
