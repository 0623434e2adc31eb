"""The three parts of a data set that compression needs: to learn again, to judge the steps, and never touched."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import holdout
from augury.market.times import iso

__all__ = ["CompressionRows", "split_rows"]

_VALIDATION_SHARE = 0.2
_TEST_SHARE = 0.2
_FEWEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionRows:
    """`train` is what the model was fitted on and steps fit again on; `validation` decides about steps; `test` decides
    nothing and is reported at the end. They follow each other in time, and no label reaches into the next part."""

    train: Dataset = field(repr=False)
    validation: Dataset = field(repr=False)
    test: Dataset = field(repr=False)

    def __post_init__(self) -> None:
        for name, part in (("validation", self.validation), ("test", self.test)):
            if len(part) < _FEWEST:
                raise NotEnoughData(
                    f"expected at least {_FEWEST} {name} rows to compare models on, got {len(part)}; pass a longer "
                    "history"
                )
        for before, after in ((self.train, self.validation), (self.validation, self.test)):
            if before.inputs.label_end.max() >= after.inputs.opened_at.min():
                raise InvalidInput(
                    f"a label ends at {iso(int(before.inputs.label_end.max()))}, when the rows that should follow "
                    f"begin ({iso(int(after.inputs.opened_at.min()))}); split with split_rows"
                )


def split_rows(dataset: Dataset, fit_end: int | None = None) -> CompressionRows:
    """The parts of a data set, by time and purged.

    Without `fit_end` the first 60 % of the time are to train on, 20 % each to validate and to test: fit the model on
    `.train`. With `fit_end` (ns UTC, the last bar that a training label of the model looked at) what lies after it is
    halved. Raises NotEnoughData when too little lies after it.
    """
    if fit_end is None:
        last = holdout(dataset, _TEST_SHARE)
        before = dataset.rows(last.train)
        middle = holdout(before, _VALIDATION_SHARE / (1.0 - _TEST_SHARE))
        train, validation, test = before.rows(middle.train), before.rows(middle.test), dataset.rows(last.test)
        return CompressionRows(train=train, validation=validation, test=test)
    learnt = np.flatnonzero(dataset.inputs.label_end <= fit_end)
    later = np.flatnonzero(dataset.inputs.opened_at > fit_end)
    if learnt.size == 0 or later.size < 2 * _FEWEST:
        raise NotEnoughData(
            f"the model learnt from bars up to {iso(fit_end)}: the data set has {learnt.size} rows up to then and "
            f"{later.size} after it, of which {2 * _FEWEST} are needed to validate and to test; pass a longer history"
        )
    after = dataset.rows(later)
    halves = holdout(after, 0.5)
    return CompressionRows(
        train=dataset.rows(learnt), validation=after.rows(halves.train), test=after.rows(halves.test)
    )
