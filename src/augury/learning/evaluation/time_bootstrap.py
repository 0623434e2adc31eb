"""Intervals of scores by resampling blocks of time: all rows of one time are drawn together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.weighted_scores import WeightedScore
from augury.validation.block_length import optimal_block_length
from augury.validation.outcome import Outcome
from augury.validation.seeds import Seed

__all__ = ["Blocks", "Resampled", "bootstrap_over_time", "mean_over_time", "time_blocks"]

_LEAST_BLOCKS = 5
_LEAST_TIMES = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """How the rows are resampled: `place` int64[m] of each row among `times` distinct times, blocks of mean `length`.

    `reason` says why no interval can be had.
    """

    place: IntVector = field(repr=False)
    times: int
    length: float
    spec: ScoreSpec
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled(Outcome):
    """An estimate with its interval and bootstrap standard error; the estimate is there even without an interval."""

    estimate: float
    lower: float
    upper: float
    standard_error: float
    distribution: FloatVector = field(repr=False, compare=False)


def time_blocks(paths: Sequence[Predictions], spec: ScoreSpec, others: Sequence[Predictions] = ()) -> Blocks:
    """Blocks as long as the longest label or the Politis-White length of the mean loss, whichever is longer.

    With `others` the losses are differences to theirs.
    """
    place, span = paths[0].place, paths[0].span
    times = int(place.max()) + 1
    length = float(span)
    if spec.block_times is not None:
        length = spec.block_times
    elif times >= _LEAST_TIMES:
        loss = np.mean([said.loss for said in paths], axis=0)
        if others:
            loss = loss - np.mean([said.loss for said in others], axis=0)
        automatic = optimal_block_length(np.bincount(place, loss) / np.bincount(place))
        length = max(length, automatic.stationary) if automatic.computed else length
    reason = None
    if times < _LEAST_TIMES:
        reason = f"{times} distinct times; at least {_LEAST_TIMES} are needed"
    elif times < _LEAST_BLOCKS * length:
        reason = f"{times} distinct times hold fewer than {_LEAST_BLOCKS} blocks of {length:.0f}"
    return Blocks(place=place, times=times, length=length, spec=spec, reason=reason)


def bootstrap_over_time(
    function: WeightedScore, blocks: Blocks, *, seed: Seed = 0, interval: Literal["bca", "basic"] = "bca"
) -> Resampled:
    """The score of all rows with equal weights, and its interval from `augury.validation.bootstrap_interval`.

    The series that is resampled there are the places of the times; a row weighs as often as its time was drawn.
    """
    estimate = function(np.ones(blocks.place.size))
    if blocks.reason is not None or math.isnan(estimate):
        return _refused(estimate, blocks.reason or "the score is undefined on these rows")
    from augury.validation.bootstrap import BootstrapSpec, bootstrap_interval  # loads kernels

    def drawn(places: FloatVector) -> float:
        counts = np.bincount(places.astype(np.int64), minlength=blocks.times).astype(np.float64)
        return function(counts[blocks.place])

    spec = BootstrapSpec(
        replications=blocks.spec.replications,
        confidence=blocks.spec.confidence,
        block_bars=blocks.length,
        interval=interval,
    )
    found = bootstrap_interval(np.arange(blocks.times, dtype=np.float64), drawn, spec, seed=seed)
    if found.reason is not None:
        return _refused(estimate, found.reason)
    return Resampled(
        method=f"{found.method} over blocks of {blocks.length:.1f} times",
        seed=found.seed,
        estimate=estimate,
        lower=found.lower,
        upper=found.upper,
        standard_error=found.standard_error,
        distribution=found.distribution,
    )


def mean_over_time(values: FloatVector, blocks: Blocks, *, seed: Seed = 0) -> Resampled:
    """`bootstrap_over_time` of the mean of values float64[m], from their sums and numbers at each time."""
    sums, counts = np.bincount(blocks.place, values), np.bincount(blocks.place).astype(np.float64)
    by_time = replace(blocks, place=np.arange(blocks.times))
    return bootstrap_over_time(lambda weights: float(weights @ sums) / float(weights @ counts), by_time, seed=seed)


def _refused(estimate: float, reason: str) -> Resampled:
    return Resampled(
        method="stationary bootstrap over time",
        reason=reason,
        estimate=estimate,
        lower=math.nan,
        upper=math.nan,
        standard_error=math.nan,
        distribution=np.empty(0),
    )
