"""What the label suite runs on: one label, a lively series, and the labels it gives there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import BoolVector
from augury.learning.labels.label import Label, Labels
from augury.market.bars import BarArrays, bar_arrays
from augury.spec import Spec
from augury.testing.contract import ContractBroken
from augury.testing.generators.garch_bars import garch_bars

__all__ = ["LabelSuiteSpec", "LabelTrial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSuiteSpec(Spec):
    """How much the label suite does: a series of `bars` bars, more for long horizons, changed after `cuts` of them."""

    bars: Annotated[int, msgspec.Meta(ge=100)] = 600
    cuts: Annotated[int, msgspec.Meta(ge=1)] = 40
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class LabelTrial:
    """A label with its series and its values there, computed when first asked for."""

    label: Label
    spec: LabelSuiteSpec
    _frame: pd.DataFrame | None = field(default=None, init=False)
    _labels: Labels | None = field(default=None, init=False)

    @property
    def frame(self) -> pd.DataFrame:
        """The series as a frame."""
        if self._frame is None:
            self._frame = garch_bars(max(self.spec.bars, 4 * self.label.horizon + 100), seed=self.spec.seed)
        return self._frame

    @property
    def bars(self) -> BarArrays:
        """The series as arrays."""
        return bar_arrays(self.frame)

    @property
    def labels(self) -> Labels:
        """The labels on the series."""
        if self._labels is None:
            self._labels = self.run(self.bars)
        return self._labels

    def run(self, bars: BarArrays) -> Labels:
        """The labels on copies of the arrays, their form checked."""
        found = self.label.make(BarArrays(bars.opened_at.copy(), bars.matrix.copy()))
        self._require_form(found, len(bars))
        return found

    def settled_by(self, bar: int) -> BoolVector:
        """Labels that bars after `bar` must not move: those that end by then, unknown ones whose horizon is past."""
        end, last = self.labels.end, np.arange(len(self.bars)) + self.label.horizon
        settled: BoolVector = np.where(end >= 0, end, last) <= bar
        return settled

    def broken(self, message: str) -> None:
        """Raise ContractBroken with the label's name and options before the message."""
        raise ContractBroken(f"{self.label.name} ({self.label.id}): {message}")

    def _require_form(self, found: Labels, bars: int) -> None:
        values, end = found.values, found.end
        if values.dtype != np.float64 or end.dtype != np.int64 or values.shape != (bars,) or end.shape != (bars,):
            self.broken(
                f"gave values {values.dtype}{list(values.shape)} and ends {end.dtype}{list(end.shape)}; expected "
                f"float64[{bars}] and int64[{bars}]"
            )
        known, at = ~np.isnan(values), np.arange(bars)
        classes = len(self.label.classes)
        rules = {
            "a label without an end, or an end without a label": known != (end >= 0),
            "an end not after its own bar": known & (end <= at),
            f"an end more than {self.label.horizon} bars ahead": known & (end > at + self.label.horizon),
            "an end after the last bar": end >= bars,
            "an infinite label": np.isinf(values),
            f"a label that is none of the {classes} classes": known & bool(classes) & ~np.isin(values, range(classes)),
        }
        for rule, rows in rules.items():
            if rows.any():
                row = int(rows.argmax())
                self.broken(f"{rule}: {int(rows.sum())} bars, first {row} (label {values[row]}, end {end[row]})")
