"""Predictions of rows by models that did not learn from them, with what came of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput

__all__ = ["Predictions"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """Out-of-fold predictions, rows in order of time.

    `predicted` is float64[m, classes], probabilities in the order of the classes, or float64[m, 1], values (regression,
    `classes` 0). `target` and `outcome` float64[m] are the data set's. `reference` float64[m] is the mean target of the
    rows that the row's model learnt from. `fold` int64[m] says which model spoke, `row` int64[m] which row of the data
    set it is; `opened_at` and `label_end` are ns UTC: a prediction is known at the close of the bar that opens at
    `opened_at`, its target at the close of the one that opens at `label_end`.
    """

    classes: int
    predicted: FloatMatrix = field(repr=False)
    target: FloatVector = field(repr=False)
    outcome: FloatVector = field(repr=False)
    reference: FloatVector = field(repr=False)
    symbol: IntVector = field(repr=False)
    bar: IntVector = field(repr=False)
    opened_at: IntVector = field(repr=False)
    label_end: IntVector = field(repr=False)
    fold: IntVector = field(repr=False)
    row: IntVector = field(repr=False)

    def __post_init__(self) -> None:
        rows = self.target.size
        if self.predicted.shape != (rows, max(self.classes, 1)):
            raise InvalidInput(
                f"expected predictions [{rows}, {max(self.classes, 1)}], got {list(self.predicted.shape)}"
            )
        if not np.isfinite(self.predicted).all():
            raise InvalidInput(
                f"{int((~np.isfinite(self.predicted)).any(axis=1).sum())} of {rows} predictions are NaN or infinite; "
                "the model did not converge: scale its features or change its options"
            )

    def __len__(self) -> int:
        return int(self.target.size)

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.classes else "regression"

    @property
    def edge(self) -> FloatVector:
        """How bullish each prediction is, float64[m]: P(last class) - P(first class), or the value."""
        if not self.classes:
            return self.predicted[:, 0]
        return np.asarray(self.predicted[:, -1] - self.predicted[:, 0])

    @property
    def loss(self) -> FloatVector:
        """The log-loss or squared error of each row, float64[m]."""
        if not self.classes:
            return np.asarray((self.predicted[:, 0] - self.target) ** 2)
        chosen = self.predicted[np.arange(len(self)), self.target.astype(np.int64)]
        return np.asarray(-np.log(np.clip(chosen, 1e-15, None)))

    @property
    def place(self) -> IntVector:
        """The position of each row's time among the distinct times, int64[m]."""
        return np.unique(self.opened_at, return_inverse=True)[1].astype(np.int64)

    @property
    def span(self) -> int:
        """The largest number of distinct times that one label covers, its own among them."""
        times, place = np.unique(self.opened_at, return_inverse=True)
        ends = np.searchsorted(times, self.label_end, side="right") - 1
        return int((ends - place).max()) + 1

    def same_rows_as(self, other: Predictions) -> bool:
        """Whether both speak about the same rows with the same targets."""
        same = np.array_equal(self.row, other.row) and np.array_equal(self.opened_at, other.opened_at)
        return bool(same and np.array_equal(self.target, other.target) and self.classes == other.classes)
