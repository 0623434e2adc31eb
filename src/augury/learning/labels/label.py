"""The Label contract: what came of a decision, and until which bar that was looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from augury.arrays import FloatVector, IntVector
from augury.market.bars import BarArrays
from augury.spec import Spec

__all__ = ["Label", "LabelMaker", "Labels"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """One label a bar: `values` float64[n], NaN where unknown, and `end` int64[n], the last bar that each looks at.

    The label of bar t is about what follows the close of bar t: it uses bars t..end[t], and is known at the close of
    bar end[t]. `end[t]` is -1 where the label is unknown. Values are class numbers 0, 1, ... when there are classes.
    """

    values: FloatVector = field(repr=False)
    end: IntVector = field(repr=False)


LabelMaker: TypeAlias = Callable[[BarArrays], Labels]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label with its options bound: `make(bars)` gives the labels of every bar.

    `classes` names class 0, 1, ... from the most bearish on ("down", "up"); empty for a regression target. `horizon`
    is the largest number of bars that a label may look ahead.
    """

    name: str
    spec: Spec
    classes: tuple[str, ...]
    horizon: int
    make: LabelMaker

    @property
    def id(self) -> str:
        """Name and options hash."""
        return f"{self.name}@{self.spec.id}"
