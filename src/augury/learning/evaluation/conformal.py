"""Conformal sets and intervals over time, with a fixed level (split) or one that follows its own misses (adaptive)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.artefacts.manifest import Abstention
from augury.spec import Spec

__all__ = ["ConformalIntervals", "ConformalSets", "ConformalSpec", "conformal_intervals", "conformal_sets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformalSpec(Spec):
    """Sets that should hold the truth in a share `coverage` of the rows.

    "split" takes the scores of the first `warm_up` times once and for all: right when nothing changes. "adaptive" uses
    those of the last `window_times` times known so far, at a level moved by `step` after each miss (Gibbs and Candes
    2021, equation 2): the share of misses then tends to 1 - coverage whatever the drift.
    """

    coverage: Annotated[float, Meta(gt=0.5, lt=1.0)] = 0.9
    kind: Literal["adaptive", "split"] = "adaptive"
    step: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.01
    warm_up: Annotated[int, Meta(ge=20)] = 100
    window_times: Annotated[int, Meta(ge=20)] | None = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConformalSets:
    """`sets` bool[m, classes]: the classes that each row's set holds; all of them in rows before `judged`.

    `level` float64[m] is the miss rate aimed at in each row. `judged` bool[m] are the rows after the warm-up, over
    which `coverage` is the share of sets that held the truth; `size` is their mean number of classes.
    `quantile` is the largest 1 - probability that the last set admits.
    """

    spec: ConformalSpec
    sets: npt.NDArray[np.bool_] = field(repr=False)
    level: FloatVector = field(repr=False)
    judged: BoolVector = field(repr=False)
    coverage: float
    size: float
    quantile: float

    @property
    def rule(self) -> Abstention:
        """The sets to go on with, for an artefact's manifest: decide where they name exactly one class."""
        return Abstention(conformal_quantile=min(max(self.quantile, 0.0), 1.0))

    @property
    def abstained(self) -> BoolVector:
        """Rows whose set does not name exactly one class, bool[m]."""
        return np.asarray(self.sets.sum(axis=1) != 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConformalIntervals:
    """[`lower`, `upper`] float64[m] about each value, infinite before `judged` and where nothing less is safe."""

    spec: ConformalSpec
    lower: FloatVector = field(repr=False)
    upper: FloatVector = field(repr=False)
    level: FloatVector = field(repr=False)
    judged: BoolVector = field(repr=False)
    coverage: float


def conformal_sets(
    probabilities: FloatMatrix,
    target: npt.ArrayLike,
    spec: ConformalSpec | None = None,
    *,
    opened_at: IntVector,
    label_end: IntVector | None = None,
) -> ConformalSets:
    """Sets of classes from probabilities float64[m, classes] in order of time.

    A class belongs to the set when 1 - its probability is at most the quantile of that of true classes (Vovk, Gammerman
    and Shafer 2005). A row's set uses scores of rows whose labels had ended before the row's bar opened. Raises
    NotEnoughData when no time is left after the warm-up.
    """
    spec = spec or ConformalSpec()
    raw = np.asarray(probabilities, dtype=np.float64)
    truth = np.asarray(target).astype(np.int64)
    rows = _Rows.read(raw.shape[0], truth, opened_at, label_end)
    scores = 1.0 - raw[np.arange(truth.size), truth]
    threshold, level, judged = _thresholds(scores, rows, spec)
    sets: npt.NDArray[np.bool_] = (1.0 - raw) <= threshold[:, None]
    held = sets[np.arange(truth.size), truth]
    return ConformalSets(
        spec=spec,
        sets=sets,
        level=level,
        judged=judged,
        coverage=float(held[judged].mean()),
        size=float(sets[judged].sum(axis=1).mean()),
        quantile=float(threshold[-1]),
    )


def conformal_intervals(
    values: FloatVector,
    target: npt.ArrayLike,
    spec: ConformalSpec | None = None,
    *,
    opened_at: IntVector,
    label_end: IntVector | None = None,
) -> ConformalIntervals:
    """Intervals about predicted values float64[m] in order of time, from absolute residuals; see `conformal_sets`."""
    spec = spec or ConformalSpec()
    said, truth = np.asarray(values, dtype=np.float64), np.asarray(target, dtype=np.float64)
    rows = _Rows.read(said.size, truth, opened_at, label_end)
    scores = np.abs(truth - said)
    threshold, level, judged = _thresholds(scores, rows, spec)
    return ConformalIntervals(
        spec=spec,
        lower=said - threshold,
        upper=said + threshold,
        level=level,
        judged=judged,
        coverage=float((scores <= threshold)[judged].mean()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows of each distinct time, and the first time at which each row's truth is known."""

    place: IntVector
    known: IntVector
    times: int

    @classmethod
    def read(
        cls, rows: int, truth: npt.NDArray[np.generic], opened_at: IntVector, label_end: IntVector | None
    ) -> _Rows:
        opened = np.asarray(opened_at)
        ends = opened if label_end is None else np.asarray(label_end)
        if not rows == truth.size == opened.size == ends.size or (np.diff(opened) < 0).any():
            raise InvalidInput("expected as many predictions, targets and times, in order of time")
        times, place = np.unique(opened, return_inverse=True)
        known = np.searchsorted(times, ends, side="right")  # the first time after the bar at whose close it is known
        return cls(place=place.astype(np.int64), known=known.astype(np.int64), times=times.size)


def _thresholds(scores: FloatVector, rows: _Rows, spec: ConformalSpec) -> tuple[FloatVector, FloatVector, BoolVector]:
    """The largest score that each row's set admits, the miss rate aimed at, and the rows after the warm-up."""
    threshold, level = np.full(scores.size, np.inf), np.full(scores.size, 1.0 - spec.coverage)
    judged: BoolVector = rows.place >= spec.warm_up
    if not judged.any():
        raise NotEnoughData(
            f"expected more than warm_up = {spec.warm_up} distinct times, got {rows.times}; pass a longer history or a "
            "shorter warm-up"
        )
    maturing = _lists(rows.known, rows.times + 1)
    arriving = _lists(rows.place, rows.times)
    matured: list[IntVector] = []
    aim, fixed = 1.0 - spec.coverage, math.nan
    for now in range(rows.times):
        fresh = maturing[now]
        matured.append(fresh)
        if spec.kind == "adaptive" and fresh.size:
            counted = fresh[rows.place[fresh] >= spec.warm_up]
            missed = scores[counted] > threshold[counted]
            aim += spec.step * (1.0 - spec.coverage - float(missed.mean())) if counted.size else 0.0
        if now < spec.warm_up:
            continue
        if spec.kind == "split":
            fixed = _quantile(scores[np.concatenate(matured)], aim) if math.isnan(fixed) else fixed
            admitted = fixed
        else:
            seen = matured if spec.window_times is None else matured[-spec.window_times :]
            admitted = _quantile(scores[np.concatenate(seen)], aim)
        threshold[arriving[now]], level[arriving[now]] = admitted, aim
    return threshold, level, judged


def _quantile(scores: FloatVector, miss_rate: float) -> float:
    """The ceil((n + 1)(1 - miss rate))-th smallest score; infinite beyond the last, minus infinity before the first."""
    place = math.ceil((scores.size + 1) * (1.0 - miss_rate))
    if place > scores.size:
        return math.inf
    return float(np.partition(scores, place - 1)[place - 1]) if place >= 1 else -math.inf


def _lists(number: IntVector, count: int) -> list[IntVector]:
    """The positions of each number 0..count-1."""
    order = np.argsort(number, kind="stable")
    cuts = np.searchsorted(number[order], np.arange(count + 1))
    return [order[cuts[at] : cuts[at + 1]] for at in range(count)]
