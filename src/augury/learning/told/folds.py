"""The folds of a training on a time axis: trained, purged, embargoed, tested, held out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from augury.arrays import IntVector
from augury.report import FoldItem, FoldSpan

if TYPE_CHECKING:
    from augury.learning.data.folds import Fold
    from augury.learning.data.inputs import Inputs
    from augury.learning.training import Training
    from augury.report.model_story import SpanKind

__all__ = ["fold_spans", "told_folds"]

_KINDS: tuple[SpanKind, ...] = ("trained", "purged", "embargoed", "tested")
_TRAINED, _PURGED, _EMBARGOED, _TESTED = range(4)


def told_folds(training: Training) -> tuple[FoldItem, ...]:
    """A line for each fold of the cross-validation and one for the delivered fit."""
    cv = training.evaluation.cv
    inputs = cv.dataset.inputs
    found = [
        FoldItem(
            name=f"Fold {number}",
            spans=fold_spans(inputs, fold),
            trained=facts.train_rows,
            tested=facts.test_rows,
            dropped=facts.dropped,
            detail="" if facts.rounds is None else f"{facts.rounds:,} round{'s' * (facts.rounds != 1)}",
        )
        for number, (fold, facts) in enumerate(zip(cv.fitted.folds, cv.facts, strict=True), start=1)
    ]
    return (*found, _delivered(training))


def _delivered(training: Training) -> FoldItem:
    inputs, held = training.evaluation.dataset.inputs, training.held_out
    first, last = int(inputs.opened_at.min()), int(inputs.opened_at.max())
    begin, end = int(held.first.value), int(held.last.value)
    spans = [FoldSpan(kind="trained", first_ns=first, last_ns=last)]
    if begin > last:
        spans.append(FoldSpan(kind="purged", first_ns=last, last_ns=begin))
    spans.append(FoldSpan(kind="held out", first_ns=begin, last_ns=end))
    return FoldItem(
        name="Delivered",
        spans=tuple(spans),
        trained=len(inputs),
        tested=held.rows,
        dropped=0,
        detail="the model itself",
    )


def fold_spans(inputs: Inputs, fold: Fold) -> tuple[FoldSpan, ...]:
    """Stretches of distinct times by what a fold used them for.

    A time that is neither trained on nor tested is purged when the stretch from its bar to the end of its label meets a
    tested one (from its first bar to the end of its last label), else embargoed.
    """
    times, place = np.unique(inputs.opened_at, return_inverse=True)
    ends = times.copy()
    np.maximum.at(ends, place, inputs.label_end)
    kind = np.full(times.size, _EMBARGOED)
    kind[place[fold.test]] = _TESTED
    first_left = np.setdiff1d(np.unique(place), place[fold.test])
    for begin, stop in _runs(kind == _TESTED):
        reach = int(ends[begin:stop].max())
        meets = (ends[first_left] >= times[begin]) & (times[first_left] <= reach)
        kind[first_left[meets]] = _PURGED
    kind[place[fold.train]] = _TRAINED
    edges = np.append(times, times[-1])
    return tuple(
        FoldSpan(kind=_KINDS[int(kind[begin])], first_ns=int(times[begin]), last_ns=int(edges[stop]))
        for begin, stop in pairwise((0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), times.size))
    )


def _runs(chosen: IntVector | np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], chosen.astype(np.int8), [0]))))
    return [(int(begin), int(stop)) for begin, stop in zip(edges[::2], edges[1::2], strict=True)]
