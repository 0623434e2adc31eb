"""A measured number with what is known about it, and all of them together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from augury.errors import NotFound, nearest
from augury.metrics.definitions import GROUPS, MEASURES, Unit

__all__ = ["Measure", "Metrics"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: NaN with a `reason` when undefined; `flags` (see FLAGS) say what weakens it.

    `unit` is how to print it: "fraction" (0.1 is 10 %), "ratio", "money", "bars", "days" or "count".

    >>> print(Measure("cagr", 0.125, unit="fraction"))
    12.50%
    """

    name: str
    value: float
    standard_error: float | None = None
    unit: Unit = "ratio"
    flags: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return self.reason is None

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        if not self.defined:
            return f"undefined: {self.reason}"
        shown = _printed(self.value, self.unit)
        return shown if self.standard_error is None else f"{shown} ± {_printed(self.standard_error, self.unit)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; an undefined value is None."""
        return {
            "value": self.value if self.defined else None,
            "standard_error": self.standard_error,
            "unit": self.unit,
            "flags": list(self.flags),
            "reason": self.reason,
        }


class Metrics(Mapping[str, Measure]):
    """Measures in a fixed order, by key or attribute: `metrics["sharpe"]`, `metrics.sharpe`, `float(metrics.sharpe)`.

    Printed as one table in groups; `to_frame` has a row a measure, `to_dict` plain JSON-ready values.
    """

    __slots__ = ("_measures",)

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = {measure.name: measure for measure in measures}

    def __getitem__(self, name: str) -> Measure:
        measure = self._measures.get(name)
        if measure is None:
            raise NotFound(f"no measure {name!r} here; {self._hint(name)}")
        return measure

    def get(self, name: str, default: Any = None) -> Any:
        """The measure of that name, or `default` where it was not measured."""
        return self._measures.get(name, default)

    def __getattr__(self, name: str) -> Measure:
        if name.startswith("_"):
            raise AttributeError(name)
        measure = self._measures.get(name)
        if measure is None:
            raise AttributeError(f"no measure {name!r} here; {self._hint(name)}")
        return measure

    def _hint(self, name: str) -> str:
        known = MEASURES.get(name)
        if known is not None:
            return f"the {known.group} group was not measured: pass what it needs to measure()"
        return nearest(name, self._measures)

    def __contains__(self, name: object) -> bool:
        return name in self._measures

    def __iter__(self) -> Iterator[str]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._measures]

    def __eq__(self, other: object) -> bool:
        """Equal when every measure prints and serialises the same; two undefined values are equal."""
        return self.to_dict() == other.to_dict() if isinstance(other, Metrics) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple((name, repr(measure.value)) for name, measure in self.items()))

    def __getstate__(self) -> tuple[Measure, ...]:
        return tuple(self._measures.values())

    def __setstate__(self, state: tuple[Measure, ...]) -> None:
        self._measures = {measure.name: measure for measure in state}

    def __repr__(self) -> str:
        defined = sum(measure.defined for measure in self.values())
        return f"<Metrics: {len(self)} measures, {defined} defined>"

    def __str__(self) -> str:
        lines: list[str] = []
        for group in GROUPS:
            rows = [measure for measure in self.values() if MEASURES[measure.name].group == group]
            if rows:
                lines += ["", group] if lines else [group]
                lines += [_line(measure) for measure in rows]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain JSON-ready values by name, in order; an undefined value is None."""
        return {name: measure.to_dict() for name, measure in self._measures.items()}

    def to_frame(self) -> pd.DataFrame:
        """A row a measure, indexed by name: value, standard_error (NaN where none), unit, group, flags, reason."""
        rows = {
            name: {
                "value": measure.value,
                "standard_error": math.nan if measure.standard_error is None else measure.standard_error,
                "unit": measure.unit,
                "group": MEASURES[name].group,
                "flags": ", ".join(measure.flags),
                "reason": measure.reason or "",
            }
            for name, measure in self._measures.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")


def _line(measure: Measure) -> str:
    notes = f"  [{', '.join(measure.flags)}]" if measure.flags else ""
    return f"  {MEASURES[measure.name].title:<44}{_aligned(measure)}{notes}"


def _aligned(measure: Measure) -> str:
    if not measure.defined:
        return f"{'-':>14}  {measure.reason}"
    shown = f"{_printed(measure.value, measure.unit):>14}"
    return shown if measure.standard_error is None else f"{shown} ± {_printed(measure.standard_error, measure.unit)}"


def _printed(value: float, unit: Unit) -> str:
    if unit == "fraction":
        return f"{value:.2%}"
    if unit == "money":
        return f"{value:,.2f}"
    if unit == "ratio":
        return f"{value:.3f}"
    number = f"{value:,.1f}".removesuffix(".0")
    return number if unit == "count" else f"{number} {unit}"
