"""A data set: what is known at each row, what came of it, how much it weighs, and a fingerprint of all of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from msgspec import Meta

from augury.arrays import FloatVector
from augury.learning.data.inputs import Inputs
from augury.spec import Spec

__all__ = ["Dataset", "DatasetSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec(Spec):
    """What a data set is made of.

    `features` are names with options as for `augury.features.compute`; `label` is one of the labels, written the same
    way: `direction(horizon_bars=5)`. Columns named in `leave_out` are not kept. `sequence_bars` adds windows of that
    many bars of the features, `chart_days` (5, 20 or 60) chart images. Rows where anything that is read is undefined
    are left out unless `keep_nan` (trees can read NaN). `every_bars` above 1 keeps each so-many-th bar of each symbol
    only, against overlapping labels.
    """

    features: tuple[str, ...]
    leave_out: tuple[str, ...] = ()
    label: str = "direction(horizon_bars=5)"
    sequence_bars: Annotated[int, Meta(ge=2, le=1000)] | None = None
    chart_days: Annotated[int, Meta(ge=5, le=60)] | None = None
    every_bars: Annotated[int, Meta(ge=1)] = 1
    keep_nan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Rows in order of time (then of symbol) with their targets.

    `target` float64[n] holds class numbers 0, 1, ... (see `classes`) or values (`classes` empty). `weights` float64[n]
    are sample weights with mean 1, lower where labels overlap. `outcome` float64[n] is the simple return from the
    row's close to the close of the last bar that its label looks at, whatever the label is. `fingerprint` is a
    SHA-256 of spec, symbols, inputs and targets.
    """

    spec: DatasetSpec
    inputs: Inputs
    target: FloatVector = field(repr=False)
    weights: FloatVector = field(repr=False)
    outcome: FloatVector = field(repr=False)
    classes: tuple[str, ...]
    symbols: tuple[str, ...]
    feature_ids: tuple[str, ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.inputs)

    def rows(self, chosen: Any) -> Dataset:
        """Some rows: a slice, positions or a mask. The fingerprint stays that of the whole.

        Weights are scaled to mean 1 again, so that those of training rows say nothing about the rows left out.
        """
        weights = self.weights[chosen]
        return replace(
            self,
            inputs=self.inputs[chosen],
            target=self.target[chosen],
            weights=weights * (weights.size / weights.sum()) if weights.any() else weights,
            outcome=self.outcome[chosen],
        )

    @property
    def task(self) -> str:
        """ "classification" when there are classes, else "regression"."""
        return "classification" if self.classes else "regression"

    def to_frame(self) -> pd.DataFrame:
        """One row each: symbol, times, target, weight, outcome and the features of its bar."""
        known = {
            "symbol": np.array(self.symbols, dtype=object)[self.inputs.symbol],
            "label_end": pd.to_datetime(self.inputs.label_end, utc=True),
            "target": self.target,
            "weight": self.weights,
            "outcome": self.outcome,
        }
        index = pd.DatetimeIndex(pd.to_datetime(self.inputs.opened_at, utc=True), name="timestamp")
        table = pd.DataFrame(self.inputs.tabular(), columns=list(self.inputs.columns), index=index)
        return pd.concat([pd.DataFrame(known, index=index), table], axis=1)
