"""Combinatorially symmetric cross-validation, compiled: winners in one half of the blocks, ranked in the other.

Subsets are bit masks over two groups of blocks. Sums over every subset of a group are tabled once for a tile of trials,
so that the sums of any half are two table entries and those of its complement two others: nothing is added twice.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.numerics.compile import inlined, kernel

__all__ = ["TILE", "rank_winners", "subset_sharpe", "track_winners"]

TILE = 64  # trials a tile: its tables stay in the second-level cache


@inlined
def subset_sharpe(count: Any, total: Any, squares: Any) -> Any:
    """Sharpe ratio (ddof 1) from count, sum and sum of squares; minus infinity when the values do not vary."""
    spread = (squares - total * total / count) / (count - 1.0)
    if spread <= 1e-13 * squares / count or count < 2.0:
        return -np.inf
    return total / count / math.sqrt(spread)


@kernel("void(float64[:, :, ::1], int64, int64, int64, int64, float64[:, :, ::1])")
def _tabulate(moments: Any, group: Any, blocks: Any, first: Any, width: Any, table: Any) -> None:
    """Sums over all subsets of `blocks` blocks from block `group` on, for trials first..first + width."""
    for row in range(2):
        for trial in range(width):
            table[row, 0, trial] = 0.0
        for block in range(blocks):
            bit = 1 << block
            for mask in range(bit):
                for trial in range(width):
                    table[row, mask + bit, trial] = table[row, mask, trial] + moments[row, group + block, first + trial]


@kernel("float64[:, ::1](float64[::1])")
def _subset_counts(counts: Any) -> Any:
    half = counts.shape[0] // 2
    sizes = np.zeros((2, 1 << half))
    for group in range(2):
        for block in range(half):
            bit = 1 << block
            for mask in range(bit):
                sizes[group, mask + bit] = sizes[group, mask] + counts[group * half + block]
    return sizes


@kernel("void(float64[:, :, ::1], float64[::1], int64[:, ::1], int64[::1], float64[:, ::1], int64[::1])")
def track_winners(moments: Any, counts: Any, masks: Any, span: Any, scores: Any, winners: Any) -> None:
    """The winner of each split, its score in sample (scores[0]) and out of sample (scores[1]).

    moments float64[2, S, trials]: sums and sums of squares a block; counts float64[S]; masks int64[2, splits]: bits of
    the in-sample blocks in the first and second half of the blocks; splits span[0]..span[1] are done. A tie goes to the
    trial listed first; winner -1 when no trial varies.
    """
    half = counts.shape[0] // 2
    full = (1 << half) - 1
    tables = np.empty((2, 2, 1 << half, TILE))
    sizes = _subset_counts(counts)
    trials = moments.shape[2]
    for split in range(span[0], span[1]):
        winners[split] = -1
        scores[0, split] = -np.inf
        scores[1, split] = -np.inf
    for first in range(0, trials, TILE):
        width = min(TILE, trials - first)
        _tabulate(moments, 0, half, first, width, tables[0])
        _tabulate(moments, half, half, first, width, tables[1])
        for split in range(span[0], span[1]):
            a, b = masks[0, split], masks[1, split]
            count = sizes[0, a] + sizes[1, b]
            best, place = scores[0, split], -1
            for trial in range(width):
                total = tables[0, 0, a, trial] + tables[1, 0, b, trial]
                squares = tables[0, 1, a, trial] + tables[1, 1, b, trial]
                score = subset_sharpe(count, total, squares)
                if score > best:
                    best, place = score, trial
            if place >= 0:
                scores[0, split] = best
                winners[split] = first + place
                total = tables[0, 0, full - a, place] + tables[1, 0, full - b, place]
                squares = tables[0, 1, full - a, place] + tables[1, 1, full - b, place]
                scores[1, split] = subset_sharpe(sizes[0, full - a] + sizes[1, full - b], total, squares)


@kernel("void(float64[:, :, ::1], float64[::1], int64[:, ::1], int64[::1], float64[::1], float64[::1])")
def rank_winners(moments: Any, counts: Any, masks: Any, span: Any, winning: Any, below: Any) -> None:
    """How many trials score below winning[split] out of sample, ties counting a half, into below[split]."""
    half = counts.shape[0] // 2
    full = (1 << half) - 1
    tables = np.empty((2, 2, 1 << half, TILE))
    sizes = _subset_counts(counts)
    trials = moments.shape[2]
    below[span[0] : span[1]] = 0.0
    for first in range(0, trials, TILE):
        width = min(TILE, trials - first)
        _tabulate(moments, 0, half, first, width, tables[0])
        _tabulate(moments, half, half, first, width, tables[1])
        for split in range(span[0], span[1]):
            a, b = full - masks[0, split], full - masks[1, split]
            count = sizes[0, a] + sizes[1, b]
            mine = winning[split]
            smaller, equal = 0, 0
            for trial in range(width):
                total = tables[0, 0, a, trial] + tables[1, 0, b, trial]
                squares = tables[0, 1, a, trial] + tables[1, 1, b, trial]
                score = subset_sharpe(count, total, squares)
                smaller += score < mine
                equal += score == mine
            below[split] += smaller + 0.5 * equal
