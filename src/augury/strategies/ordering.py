"""The commonest rule between parameters: one stays below another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from augury.arrays import BoolVector, FloatVector

__all__ = ["Below"]


@dataclass(frozen=True, slots=True)
class Below:
    """`low` should be below `high`: what is wrong with one combination, and which of many are allowed.

    >>> Below("fast", "slow")({"fast": 30.0, "slow": 20.0})
    'fast should be below slow'
    """

    low: str
    high: str

    def __call__(self, values: Mapping[str, float]) -> str | None:
        """What is wrong, or None."""
        return None if values[self.low] < values[self.high] else f"{self.low} should be below {self.high}"

    def allowed(self, columns: Mapping[str, FloatVector]) -> BoolVector:
        """bool[m] for m combinations, given as a column for each parameter."""
        below: BoolVector = columns[self.low] < columns[self.high]
        return below
