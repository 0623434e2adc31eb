"""Measures gathered in order, each undefined one with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable

from augury.metrics.definitions import MEASURES
from augury.metrics.measures import Measure

__all__ = ["Gathered"]

_UNITS = {name: definition.unit for name, definition in MEASURES.items()}


class Gathered:
    """A list of measures in the making."""

    __slots__ = ("measures",)

    def __init__(self) -> None:
        self.measures: list[Measure] = []

    def put(
        self,
        name: str,
        value: float,
        reason: str,
        flags: tuple[str, ...] = (),
        standard_error: float | None = None,
    ) -> None:
        """Add one; NaN makes it undefined for that `reason`."""
        unit = _UNITS[name]
        if value != value:
            self.measures.append(Measure(name, math.nan, None, unit, flags, reason))
            return
        if standard_error is not None and standard_error != standard_error:
            standard_error = None
        self.measures.append(Measure(name, value, standard_error, unit, flags))

    def put_undefined(self, names: Iterable[str], reason: str) -> None:
        """Add several undefined ones for one reason."""
        for name in names:
            self.put(name, math.nan, reason)
