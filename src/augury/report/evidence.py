"""The evidence beside a curve: measures, verdicts, tests, grids and tables, as plain records and as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput

__all__ = [
    "CheckTable",
    "FindingItem",
    "FindingLike",
    "GateItem",
    "GateLike",
    "Grid",
    "Interval",
    "MeasureItem",
    "MeasureLike",
    "NullTest",
    "Tries",
    "VerdictItem",
    "VerdictLike",
]


class MeasureLike(Protocol):
    """One figure with its error: what a report needs of a measure, whoever computed it.

    `unit` is one of fraction, ratio, money, bars, days, count. `value` is None (or NaN) when undefined, with `reason`.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def standard_error(self) -> float | None: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def flags(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def reason(self) -> str | None: ...  # noqa: D102


class GateLike(Protocol):
    """One condition of a verdict; `passed` is None when it could not be judged."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def passed(self) -> bool | None: ...  # noqa: D102
    @property
    def explanation(self) -> str: ...  # noqa: D102


class FindingLike(Protocol):
    """One thing worth knowing, with what to do about it."""

    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def remedy(self) -> str: ...  # noqa: D102


class VerdictLike(Protocol):
    """A judgement: how good, in one line, why, and what to mend (findings in order of weight)."""

    @property
    def level(self) -> str: ...  # noqa: D102
    @property
    def headline(self) -> str: ...  # noqa: D102
    @property
    def gates(self) -> Sequence[GateLike]: ...  # noqa: D102
    @property
    def findings(self) -> Sequence[FindingLike]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureItem:
    """A plain measure. `title` and `convention` replace what the report would say of a measure of this name."""

    name: str
    value: float | None
    unit: str = "ratio"
    standard_error: float | None = None
    flags: tuple[str, ...] = ()
    reason: str | None = None
    title: str | None = None
    convention: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateItem:
    """A plain condition: its value, the bound it is held to (number or words) and what to do when it is missed."""

    name: str
    value: float | None
    bound: float | str | None
    passed: bool | None
    explanation: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingItem:
    """A plain finding; severities are fatal or error, serious or warning, and anything milder."""

    severity: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictItem:
    """A plain verdict, for results that were judged elsewhere."""

    level: str
    headline: str
    gates: tuple[GateLike, ...] = ()
    findings: tuple[FindingLike, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval of a measure, from a bootstrap for instance; `level` 0.95 is 95 %."""

    name: str
    low: float
    high: float
    level: float = 0.95
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NullTest:
    """What chance gives: the statistic on k permuted or resampled histories, float64[k], against the one observed."""

    name: str
    null: FloatVector
    observed: float
    p_value: float | None
    statistic: str = "statistic"
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A measure over two parameters (one, when a single y value is given): `values` float64[len(y), len(x)].

    NaN marks combinations that were not run or are undefined; `chosen` is the (x, y) index of the reported run.
    """

    x_name: str
    x_values: tuple[float | str, ...]
    y_name: str
    y_values: tuple[float | str, ...]
    values: FloatMatrix
    measure: str = "sharpe"
    chosen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        expected = (len(self.y_values), len(self.x_values))
        if np.shape(self.values) != expected:
            raise InvalidInput(
                f"Grid.values should have one row per y value and one column per x value, {expected}, "
                f"got {np.shape(self.values)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTable:
    """A small table of what-ifs (delays, costs, regimes): the first column is the case, numbers by `units`."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[float | str | None, ...], ...]
    units: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for at, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise InvalidInput(
                    f"CheckTable {self.title!r} has {len(self.columns)} columns, but row {at} has {len(row)} values"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How many variants were tried before this one was shown; `effective` counts the independent ones."""

    number: int
    effective: float | None = None
    source: str = ""
