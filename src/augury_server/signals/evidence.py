"""How far chance can move a mean or a share of overlapping outcomes; refused where there are too few."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.learning.evaluation.reliability import wilson_interval
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.evaluation.time_bootstrap import Blocks, mean_over_time
from augury.validation.block_length import optimal_block_length
from augury.validation.outcome import plain

__all__ = ["LEAST_OUTCOMES", "LEAST_TIMES", "EvidenceTerms", "Figure", "mean_figure", "share_figure"]

LEAST_OUTCOMES = 30
LEAST_TIMES = 20
_LEAST_BLOCKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An estimate with its interval and how many independent outcomes it is worth; NaN with a `reason` when refused."""

    estimate: float
    lower: float
    upper: float
    outcomes: int
    effective: float
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; what is undefined is None."""
        names = ("estimate", "lower", "upper", "outcomes", "effective", "reason")
        return {name: plain(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTerms:
    """`horizon_bars`: outcomes of so many neighbouring bars overlap; `least` outcomes are asked for at `confidence`."""

    horizon_bars: int
    least: int = LEAST_OUTCOMES
    confidence: float = 0.95
    replications: int = 999
    seed: int = 0


def mean_figure(values: FloatVector, times_ns: IntVector, terms: EvidenceTerms) -> Figure:
    """The mean of float64[n] outcomes of signals at int64[n] times, with an interval that their overlap cannot narrow.

    Signals of one time are drawn together, since one market moves them all, and times in blocks at least as long as the
    horizon, since their outcomes share bars (stationary bootstrap, BCa). Refused below `terms.least` outcomes, 20
    different times or 5 blocks.
    """
    blocks = _blocks(values, times_ns, terms)
    if isinstance(blocks, str):
        return _refused(values.size, blocks)
    if np.ptp(values) == 0.0:
        return _refused(values.size, "every outcome is the same; chance cannot be judged")
    found = mean_over_time(values, blocks, seed=terms.seed)
    if found.reason is not None:
        return _refused(values.size, found.reason)
    return Figure(
        estimate=found.estimate,
        lower=found.lower,
        upper=found.upper,
        outcomes=values.size,
        effective=_effective(values, found.standard_error),
    )


def share_figure(hits: BoolVector, times_ns: IntVector, terms: EvidenceTerms) -> Figure:
    """The share of hits with Wilson's interval for as many independent outcomes as the overlapping ones are worth.

    Their number is what makes the variance of a share equal to that of the block bootstrap; where every outcome is a
    hit, or none, it is the number of blocks. Refused as `mean_figure` is.
    """
    values = hits.astype(np.float64)
    blocks = _blocks(values, times_ns, terms)
    if isinstance(blocks, str):
        return _refused(values.size, blocks)
    share = float(values.mean())
    worth = float(min(values.size, blocks.times / blocks.length))
    if 0.0 < share < 1.0:
        found = mean_over_time(values, blocks, seed=terms.seed)
        if found.reason is not None:
            return _refused(values.size, found.reason)
        worth = _effective(values, found.standard_error)
    lower, upper = wilson_interval(np.array([share * worth]), np.array([worth]), terms.confidence)
    return Figure(estimate=share, lower=float(lower[0]), upper=float(upper[0]), outcomes=values.size, effective=worth)


def _blocks(values: FloatVector, times_ns: IntVector, terms: EvidenceTerms) -> Blocks | str:
    """How to resample, or why not."""
    if values.size < terms.least:
        return f"{values.size} outcomes; at least {terms.least} are needed"
    distinct, place = np.unique(times_ns, return_inverse=True)
    if distinct.size < LEAST_TIMES:
        return f"outcomes of {distinct.size} different times; at least {LEAST_TIMES} are needed"
    means = np.bincount(place, values) / np.bincount(place)
    automatic = optimal_block_length(means)
    length = max(float(terms.horizon_bars), automatic.stationary if automatic.computed else 1.0)
    if distinct.size < _LEAST_BLOCKS * length:
        return f"{distinct.size} different times hold fewer than {_LEAST_BLOCKS} blocks of {length:.0f}"
    spec = ScoreSpec(replications=terms.replications, confidence=terms.confidence, block_times=length)
    return Blocks(place=place.astype(np.int64), times=distinct.size, length=length, spec=spec)


def _effective(values: FloatVector, standard_error: float) -> float:
    """How many independent outcomes have a mean as uncertain as this one; at least 1, at most all."""
    if not standard_error > 0.0:
        return float(values.size)
    return float(min(max(values.var() / standard_error**2, 1.0), values.size))


def _refused(outcomes: int, reason: str) -> Figure:
    nothing = math.nan
    return Figure(estimate=nothing, lower=nothing, upper=nothing, outcomes=outcomes, effective=nothing, reason=reason)
