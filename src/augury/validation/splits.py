"""Splits of time into training and test bars: walk-forward, purged and embargoed, combinatorial with paths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.spec import Spec

__all__ = [
    "CombinatorialSplits",
    "PurgedSpec",
    "Split",
    "WalkForwardSpec",
    "combinatorial_purged_splits",
    "purged_splits",
    "walk_forward_splits",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Positions of training and of test bars, int64, increasing; `test_groups` says which groups are tested."""

    train: IntVector
    test: IntVector
    test_groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForwardSpec(Spec):
    """`train_bars` then `gap_bars` (at least the label's horizon) then `test_bars`, moved on by `test_bars`.

    `anchored` keeps every training window's start at the first bar.
    """

    train_bars: Annotated[int, Meta(ge=1)] = 1250
    test_bars: Annotated[int, Meta(ge=1)] = 250
    gap_bars: Annotated[int, Meta(ge=0)] = 0
    anchored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgedSpec(Spec):
    """`groups` contiguous groups of bars, `test_groups` of them tested at a time.

    `embargo_bars` None means the larger of the longest label and 1 % of the bars.
    """

    groups: Annotated[int, Meta(ge=2)] = 6
    test_groups: Annotated[int, Meta(ge=1)] = 2
    embargo_bars: Annotated[int, Meta(ge=0)] | None = None

    def check(self) -> None:
        """Something is left to train on."""
        if self.test_groups >= self.groups:
            raise InvalidInput(
                f"PurgedSpec.test_groups = {self.test_groups}: Expected less than groups = {self.groups}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CombinatorialSplits:
    """Every choice of test groups, and how their predictions join into whole histories.

    `paths` int64[paths, groups] names, for each path, the split whose test of that group belongs to it: each (split,
    group) occurs exactly once.
    """

    splits: tuple[Split, ...]
    bounds: IntVector
    paths: IntVector

    def path(self, number: int, predictions: list[FloatVector]) -> FloatVector:
        """One whole history float64[n] from each split's test predictions (in the order of its `test` bars)."""
        out = np.full(int(self.bounds[-1]), np.nan)
        for group, split in enumerate(self.paths[number]):
            first, last = self.bounds[group], self.bounds[group + 1]
            test = self.splits[split].test
            inside = (test >= first) & (test < last)
            out[first:last] = predictions[split][inside]
        return out


def walk_forward_splits(bars: int, spec: WalkForwardSpec | None = None) -> tuple[Split, ...]:
    """Train on the past, test on what follows, move on; test bars never overlap and the last window may be cut short.

    Raises NotEnoughData when not even one full test window fits.

    >>> spec = WalkForwardSpec(train_bars=10, test_bars=10)
    >>> [(int(split.train[0]), int(split.test[0])) for split in walk_forward_splits(30, spec)]
    [(0, 10), (10, 20)]
    """
    spec = spec or WalkForwardSpec()
    first = spec.train_bars + spec.gap_bars
    if bars < first + spec.test_bars:
        raise NotEnoughData(
            f"expected at least {first + spec.test_bars} bars (train {spec.train_bars}, gap {spec.gap_bars}, "
            f"test {spec.test_bars}), got {bars}"
        )
    found = []
    for begin in range(first, bars, spec.test_bars):
        trained = begin - spec.gap_bars
        start = 0 if spec.anchored else trained - spec.train_bars
        found.append(Split(train=np.arange(start, trained), test=np.arange(begin, min(begin + spec.test_bars, bars))))
    return tuple(found)


def purged_splits(label_end: IntVector, spec: PurgedSpec | None = None) -> tuple[Split, ...]:
    """K-fold over time, one group tested at a time, purged and embargoed (Lopez de Prado 2018, chapter 7).

    `label_end[t]` (int64[n], >= t) is the last bar that the label of bar t looks at. A training bar is dropped when its
    interval [t, label_end[t]] meets that of the tested bars, or when it lies within the embargo after them.
    """
    spec = (spec or PurgedSpec()).replace(test_groups=1)
    return combinatorial_purged_splits(label_end, spec).splits


def combinatorial_purged_splits(label_end: IntVector, spec: PurgedSpec | None = None) -> CombinatorialSplits:
    """Every choice of `test_groups` of the groups, purged and embargoed (Lopez de Prado 2018, chapter 12).

    N groups with k tested give C(N, k) splits and k/N C(N, k) paths; see `purged_splits` for `label_end`. Raises
    NotEnoughData when a split would leave nothing to train on.

    >>> import numpy as np
    >>> found = combinatorial_purged_splits(np.arange(600) + 5)
    >>> len(found.splits), len(found.paths)
    (15, 5)
    """
    spec = spec or PurgedSpec()
    ends = _label_ends(label_end)
    bars = ends.size
    if bars < spec.groups:
        raise NotEnoughData(f"expected at least {spec.groups} bars for {spec.groups} groups, got {bars}")
    longest = int((ends - np.arange(bars)).max())
    embargo = max(longest, math.ceil(0.01 * bars)) if spec.embargo_bars is None else spec.embargo_bars
    bounds = np.array([bars * group // spec.groups for group in range(spec.groups + 1)], dtype=np.int64)
    splits = tuple(
        _purged(ends, bounds, chosen, embargo) for chosen in combinations(range(spec.groups), spec.test_groups)
    )
    return CombinatorialSplits(splits=splits, bounds=bounds, paths=_paths(splits, spec))


def _label_ends(label_end: IntVector) -> IntVector:
    ends = np.asarray(label_end)
    if ends.ndim != 1 or not np.issubdtype(ends.dtype, np.integer):
        raise InvalidInput(f"label_end should be int64[n], got {ends.dtype}{list(ends.shape)}")
    early = np.flatnonzero(ends < np.arange(ends.size))
    if early.size:
        raise InvalidInput(f"label_end[t] should be at least t, got {ends[early[0]]} at t = {early[0]}")
    return ends.astype(np.int64)


def _purged(ends: IntVector, bounds: IntVector, chosen: tuple[int, ...], embargo: int) -> Split:
    bars = np.arange(ends.size)
    tested: BoolVector = np.zeros(ends.size, dtype=np.bool_)
    usable: BoolVector = np.ones(ends.size, dtype=np.bool_)
    for first, last in _runs(chosen, bounds):
        tested[first:last] = True
        reach = int(ends[first:last].max())
        usable &= (ends < first) | (bars > reach + embargo)
    train = np.flatnonzero(usable & ~tested)
    if train.size == 0:
        raise NotEnoughData(
            f"testing groups {chosen} leaves no training bar after purging and an embargo of {embargo} bars; "
            "pass a longer history, shorter labels or fewer test groups"
        )
    return Split(train=train, test=np.flatnonzero(tested), test_groups=chosen)


def _runs(chosen: tuple[int, ...], bounds: IntVector) -> list[tuple[int, int]]:
    """First and one-past-last bar of each stretch of neighbouring test groups."""
    runs: list[tuple[int, int]] = []
    for group in chosen:
        first, last = int(bounds[group]), int(bounds[group + 1])
        if runs and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _paths(splits: tuple[Split, ...], spec: PurgedSpec) -> IntVector:
    number = len(splits) * spec.test_groups // spec.groups
    paths = np.empty((number, spec.groups), dtype=np.int64)
    for group in range(spec.groups):
        paths[:, group] = [place for place, split in enumerate(splits) if group in split.test_groups]
    return paths
