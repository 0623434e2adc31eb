"""Training and test rows of pooled symbols, split by time, purged of labels that reach over, and embargoed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.dataset import Dataset
from augury.learning.data.inputs import Inputs
from augury.market.times import iso
from augury.validation.splits import (
    PurgedSpec,
    Split,
    WalkForwardSpec,
    combinatorial_purged_splits,
    purged_splits,
    walk_forward_splits,
)

__all__ = [
    "LEAST_TRAINING_ROWS",
    "CombinatorialFolds",
    "Fold",
    "combinatorial_folds",
    "holdout",
    "purged_folds",
    "require_disjoint",
    "walk_forward_folds",
]

LEAST_TRAINING_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """Positions of training and of test rows, int64, increasing; `test_groups` says which groups of time are tested."""

    train: IntVector
    test: IntVector
    test_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CombinatorialFolds:
    """Every choice of test groups, and how their predictions join into whole histories.

    `group` int64[rows] is the group of time that each row belongs to; `paths` int64[paths, groups] names, for each
    path, the fold whose test of that group belongs to it.
    """

    folds: tuple[Fold, ...]
    group: IntVector = field(repr=False)
    paths: IntVector = field(repr=False)

    def path(self, number: int, predictions: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """One whole history [rows, ...] from each fold's test predictions, in the order of its `test` rows."""
        out = np.full((self.group.size, *predictions[0].shape[1:]), np.nan)
        for group, fold in enumerate(self.paths[number]):
            test = self.folds[fold].test
            inside = self.group[test] == group
            out[test[inside]] = predictions[fold][inside]
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The distinct times of the rows: `place` of each row among `times`, `reach` the furthest label end of each."""

    times: IntVector
    place: IntVector
    reach: IntVector

    def rows(self, chosen: IntVector) -> IntVector:
        """Positions of the rows of the chosen times."""
        among = np.zeros(self.times.size, dtype=np.bool_)
        among[chosen] = True
        return np.flatnonzero(among[self.place])

    def fold(self, split: Split) -> Fold:
        """The rows of a split of the times; NotEnoughData when few are left to train on."""
        found = Fold(train=self.rows(split.train), test=self.rows(split.test), test_groups=split.test_groups)
        if found.train.size < LEAST_TRAINING_ROWS:
            raise NotEnoughData(
                f"expected at least {LEAST_TRAINING_ROWS} training rows after purging, got {found.train.size} beside "
                f"{found.test.size} tested ones; pass a longer history, shorter labels or fewer test groups"
            )
        return found


def purged_folds(rows: Dataset | Inputs, spec: PurgedSpec | None = None) -> tuple[Fold, ...]:
    """K-fold over time: each group of times is tested once, all symbols together.

    Training rows are dropped when the stretch from their bar to the end of their label meets that of the tested rows,
    or when they lie within the embargo after it (`embargo_bars` counts distinct times of rows). All rows of one time
    are dropped when one of them must be. Raises NotEnoughData when a fold keeps fewer than 10 training rows. Source:
    Lopez de Prado (2018), chapter 7.
    """
    grid = _grid(rows)
    return tuple(grid.fold(split) for split in purged_splits(grid.reach, spec))


def combinatorial_folds(rows: Dataset | Inputs, spec: PurgedSpec | None = None) -> CombinatorialFolds:
    """Every choice of `test_groups` groups of times, purged and embargoed as in `purged_folds`, with their paths.

    Raises NotEnoughData. Source: Lopez de Prado (2018), chapter 12.
    """
    grid = _grid(rows)
    found = combinatorial_purged_splits(grid.reach, spec)
    return CombinatorialFolds(
        folds=tuple(grid.fold(split) for split in found.splits),
        group=np.searchsorted(found.bounds, grid.place, side="right") - 1,
        paths=found.paths,
    )


def walk_forward_folds(rows: Dataset | Inputs, spec: WalkForwardSpec | None = None) -> tuple[Fold, ...]:
    """Train on the past, test on what follows; lengths count distinct times of rows, all symbols together.

    Training rows whose label reaches the first tested time are dropped, beyond the gap asked for. Raises NotEnoughData.
    """
    grid = _grid(rows)
    folds = []
    for split in walk_forward_splits(grid.times.size, spec):
        free = split.train[grid.reach[split.train] < split.test[0]]
        folds.append(grid.fold(Split(train=free, test=split.test)))
    return tuple(folds)


def holdout(rows: Dataset | Inputs, share: float) -> Fold:
    """The last `share` of the distinct times as test, all symbols together; before it what does not reach into it.

    Training rows whose label ends at the test's first time or later are dropped. Raises InvalidInput for a share
    outside (0, 1), NotEnoughData when one of the two parts has too few rows.
    """
    if not 0.0 < share < 1.0:
        raise InvalidInput(f"share should lie between 0 and 1, such as 0.15, got {share}")
    grid = _grid(rows)
    first = grid.times.size - max(round(share * grid.times.size), 1)
    places = np.arange(grid.times.size)
    return grid.fold(Split(train=places[:first][grid.reach[:first] < first], test=places[first:]))


def require_disjoint(train: Dataset | Inputs, test: Dataset | Inputs) -> None:
    """Refuse training rows whose stretch from their bar to the end of their label meets that of a tested row.

    Symbols are pooled: what one market does later is not news to another. Raises InvalidInput with the first meeting.
    """
    mine, theirs = _inputs_of(train), _inputs_of(test)
    if not len(mine) or not len(theirs):
        return
    order = np.argsort(theirs.opened_at, kind="stable")
    opened, reach = theirs.opened_at[order], np.maximum.accumulate(theirs.label_end[order])
    last = np.searchsorted(opened, mine.label_end, side="right") - 1  # the last tested bar not after the label's end
    meets = (last >= 0) & (reach[np.maximum(last, 0)] >= mine.opened_at)
    if meets.any():
        at = int(meets.argmax())
        raise InvalidInput(
            f"{int(meets.sum())} of {len(mine)} training rows overlap the test set: the one of "
            f"{iso(int(mine.opened_at[at]))} has a label that ends at {iso(int(mine.label_end[at]))}, and a tested row "
            f"opens at {iso(int(opened[last[at]]))}; split with holdout or purged_folds, which drop such rows"
        )


def _inputs_of(rows: Any) -> Inputs:
    if isinstance(rows, Dataset):
        return rows.inputs
    if isinstance(rows, Inputs):
        return rows
    raise InvalidInput(f"expected a Dataset or its Inputs, got {type(rows).__name__}; see build_dataset")


def _grid(rows: Dataset | Inputs) -> _Grid:
    """Label ends on the grid: the last time of rows that is not after them, so that nothing between is lost."""
    inputs = _inputs_of(rows)
    if not len(inputs):
        raise NotEnoughData("expected rows to split, got none")
    times, place = np.unique(inputs.opened_at, return_inverse=True)
    ends = np.searchsorted(times, inputs.label_end, side="right") - 1
    reach = np.zeros(times.size, dtype=np.int64)
    np.maximum.at(reach, place, ends)
    return _Grid(times=times, place=place.astype(np.int64), reach=reach)
