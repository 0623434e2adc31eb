"""Probability of backtest overfitting: does what wins in one half of the time do well in the other?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.validation.outcome import Outcome
from augury.validation.overfitting_kernels import rank_winners, track_winners
from augury.validation.ranges import in_ranges
from augury.validation.series import finite_matrix, finite_vector

__all__ = ["BlockMoments", "Overfitting", "OverfittingSpec", "block_moments", "overfitting_probability"]

_DOMINANCE_SPLITS = 256
_DOMINANCE_VALUES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OverfittingSpec(Spec):
    """`blocks` contiguous blocks of time, an even number: 16 give 12,870 splits, 10 give 252."""

    blocks: Annotated[int, Meta(ge=4, le=20)] = 16

    def check(self) -> None:
        """An even number of blocks."""
        if self.blocks % 2:
            raise InvalidInput(f"OverfittingSpec.blocks = {self.blocks}: Expected an even number")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockMoments:
    """What is kept of trials x blocks: `counts` float64[S] bars, `sums` and `squares` float64[S, trials] of returns."""

    counts: FloatVector
    sums: FloatMatrix
    squares: FloatMatrix

    def __post_init__(self) -> None:
        counts = finite_vector(self.counts, "counts")
        sums, squares = finite_matrix(self.sums, "sums"), finite_matrix(self.squares, "squares")
        if sums.shape != squares.shape or counts.size != len(sums):
            raise InvalidInput(
                f"expected sums and squares float64[S, trials] for counts float64[S], got {sums.shape}, "
                f"{squares.shape} and {counts.size} counts"
            )
        if counts.size < 4 or counts.size > 20 or counts.size % 2:
            raise InvalidInput(f"expected an even number of blocks from 4 to 20, got {counts.size}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting(Outcome):
    """`probability`: share of splits whose in-sample winner is out of sample at or below the median of all trials.

    `loss_probability`: share of splits whose winner loses money out of sample. `slope`, `intercept`, `r_squared`: the
    winners' out-of-sample Sharpe ratio (per bar) regressed on the in-sample one. `first_order_dominance` and
    `second_order_dominance`: whether the winners' out-of-sample results dominate those of all trials, `dominance_gap`
    the largest amount by which the first one is violated (0: not at all). Arrays have one entry a split: `logits`,
    `in_sample`, `out_of_sample`, `winners`. On noise the probability averages one half but scatters widely between data
    sets (standard deviation 0.17): never decide on it alone.
    """

    probability: float
    loss_probability: float
    slope: float
    intercept: float
    r_squared: float
    first_order_dominance: bool | None
    second_order_dominance: bool | None
    dominance_gap: float
    trials: int
    blocks: int
    splits: int
    bars: int
    logits: FloatVector = field(repr=False, compare=False)
    in_sample: FloatVector = field(repr=False, compare=False)
    out_of_sample: FloatVector = field(repr=False, compare=False)
    winners: IntVector = field(repr=False, compare=False)


def block_moments(returns: FloatMatrix, spec: OverfittingSpec | None = None) -> BlockMoments:
    """Moments of trials in rows, float64[trials, bars], over equal blocks; the first bars % blocks bars are left out.

    Raises InvalidInput with fewer than 2 bars a block.
    """
    spec = spec or OverfittingSpec()
    matrix = finite_matrix(returns, "returns")
    length = matrix.shape[1] // spec.blocks
    if length < 2:
        raise InvalidInput(
            f"expected at least 2 bars in each of {spec.blocks} blocks, got {matrix.shape[1]} bars in all; "
            "pass a longer history or fewer blocks"
        )
    parts = matrix[:, matrix.shape[1] - length * spec.blocks :].reshape(len(matrix), spec.blocks, length)
    return BlockMoments(
        counts=np.full(spec.blocks, float(length)),
        sums=np.ascontiguousarray(parts.sum(axis=2).T),
        squares=np.ascontiguousarray(np.einsum("kbt,kbt->bk", parts, parts)),
    )


def overfitting_probability(
    trials: FloatMatrix | BlockMoments, spec: OverfittingSpec | None = None, *, threads: int | None = None
) -> Overfitting:
    """PBO by combinatorially symmetric cross-validation (Bailey, Borwein, Lopez de Prado and Zhu 2017).

    `trials` are returns float64[trials, bars], or block moments where the returns were never kept; the score is the
    Sharpe ratio. A trial without variation in a half scores below every other there. Relative rank w = rank / (N + 1),
    logit = ln(w / (1 - w)), probability = share of logits <= 0. Refused with a reason below 2 varying trials.

    >>> import numpy as np
    >>> returns = np.random.default_rng(0).normal(size=(20, 400))
    >>> returns[7] += 0.5
    >>> overfitting_probability(returns).probability
    0.0
    """
    moments = trials if isinstance(trials, BlockMoments) else block_moments(trials, spec)
    stacked = np.ascontiguousarray(np.stack([moments.sums, moments.squares]))
    counts = np.ascontiguousarray(moments.counts, dtype=np.float64)
    masks = _halves(counts.size)
    splits, number = masks.shape[1], stacked.shape[2]
    scores = np.empty((2, splits))
    winners = np.empty(splits, dtype=np.int64)
    below = np.empty(splits)

    def work(first: int, last: int) -> None:
        span = np.array([first, last])
        track_winners(stacked, counts, masks, span, scores, winners)
        rank_winners(stacked, counts, masks, span, scores[1], below)

    reason = "fewer than two trials; there is nothing to rank" if number < 2 else None
    if reason is None:
        in_ranges(work, splits, threads)
        if (winners < 0).any():
            reason = f"no trial's returns vary in the in-sample half of {int((winners < 0).sum())} splits"
    if reason is not None:
        return _refused(reason, counts, number)
    rank = below + 0.5  # the winner itself was counted as half below: ranks run from 1 to N
    logits = np.log(rank / (number + 1.0 - rank))
    return _judged(moments, masks, (scores, winners, logits))


def _halves(blocks: int) -> IntVector:
    """Bit masks of the in-sample blocks, one column a split: first and second half of the blocks."""
    half = blocks // 2
    chosen = [sum(1 << block for block in choice) for choice in combinations(range(blocks), half)]
    masks = np.array(chosen, dtype=np.int64)
    return np.ascontiguousarray(np.stack([masks & ((1 << half) - 1), masks >> half]))


def _judged(moments: BlockMoments, masks: IntVector, found: tuple[FloatMatrix, IntVector, FloatVector]) -> Overfitting:
    (in_sample, out_of_sample), winners, logits = found
    finite = np.isfinite(out_of_sample)
    fit = (math.nan, math.nan, math.nan)
    if finite.sum() > 2 and np.ptp(in_sample[finite]) > 0.0:
        fit = _line(in_sample[finite], out_of_sample[finite])
    gap, area = _dominance(moments, masks, out_of_sample)
    return Overfitting(
        method="combinatorially symmetric cross-validation of Sharpe ratios",
        probability=float((logits <= 0.0).mean()),
        loss_probability=float((out_of_sample < 0.0).mean()),
        slope=fit[0],
        intercept=fit[1],
        r_squared=fit[2],
        first_order_dominance=gap <= 0.0,
        second_order_dominance=area <= 0.0,
        dominance_gap=max(gap, 0.0),
        trials=moments.sums.shape[1],
        blocks=moments.counts.size,
        splits=logits.size,
        bars=int(moments.counts.sum()),
        logits=logits,
        in_sample=in_sample,
        out_of_sample=out_of_sample,
        winners=winners,
    )


def _line(x: FloatVector, y: FloatVector) -> tuple[float, float, float]:
    """Slope, intercept and r squared of the least squares line."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy) / float(dx @ dx)
    explained = float(dx @ dy) ** 2 / (float(dx @ dx) * float(dy @ dy)) if float(dy @ dy) > 0.0 else math.nan
    return slope, float(y.mean() - slope * x.mean()), explained


def _dominance(moments: BlockMoments, masks: IntVector, winning: FloatVector) -> tuple[float, float]:
    """Largest excess of the winners' distribution function over that of all trials, and of its integral.

    All trials are taken from up to 256 splits spread evenly: their distribution needs no more.
    """
    blocks, trials = moments.sums.shape
    wanted = max(2, min(_DOMINANCE_SPLITS, _DOMINANCE_VALUES // trials, winning.size))
    chosen = np.unique(np.linspace(0, winning.size - 1, wanted).astype(np.int64))
    bits = masks[0, chosen] | (masks[1, chosen] << (blocks // 2))
    outside = ((bits[:, None] >> np.arange(blocks)) & 1 == 0).astype(np.float64)
    count = (outside @ moments.counts)[:, None]
    mean = outside @ moments.sums / count
    spread = (outside @ moments.squares - count * mean**2) / (count - 1.0)
    everyone = np.sort((mean / np.sqrt(np.where(spread > 0.0, spread, np.inf))).ravel())
    mine = np.sort(winning[np.isfinite(winning)])
    if mine.size == 0:
        return math.inf, math.inf
    grid = np.linspace(min(mine[0], everyone[0]), max(mine[-1], everyone[-1]), 201)
    excess = (
        np.searchsorted(mine, grid, side="right") / mine.size
        - np.searchsorted(everyone, grid, side="right") / everyone.size
    )
    return float(excess.max()), float(np.cumsum(excess).max())


def _refused(reason: str, counts: FloatVector, trials: int) -> Overfitting:
    empty = np.empty(0)
    return Overfitting(
        method="combinatorially symmetric cross-validation of Sharpe ratios",
        reason=reason,
        probability=math.nan,
        loss_probability=math.nan,
        slope=math.nan,
        intercept=math.nan,
        r_squared=math.nan,
        first_order_dominance=None,
        second_order_dominance=None,
        dominance_gap=math.nan,
        trials=trials,
        blocks=counts.size,
        splits=0,
        bars=int(counts.sum()),
        logits=empty,
        in_sample=empty,
        out_of_sample=empty,
        winners=np.empty(0, dtype=np.int64),
    )
