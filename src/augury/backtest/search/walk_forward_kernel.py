"""Walk-forward in the kernel: in each window the combination that did best so far decides what comes next."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import types

from augury.backtest.account.layout import Market
from augury.backtest.account.records import MARKET, MATRIX, VECTOR
from augury.backtest.search.sweep_kernel import (
    INTS,
    RULES,
    SCRATCH,
    SEARCH,
    decide,
    new_scratch,
    run_combination,
    within,
)
from augury.metrics.curve_kernels import mean_and_std, ratio
from augury.metrics.headline_kernels import reward_ratio
from augury.numerics.compile import kernel
from augury.strategies.kernel_form import call_prepare
from augury.validation.permutation_kernels import draw_order, permute_bars

__all__ = [
    "CHOSEN",
    "NONE",
    "TEST_FIRST",
    "TEST_STOP",
    "TRAIN_FIRST",
    "TRAIN_STOP",
    "walk_forward_of_permutations",
    "walk_forward_pass",
]

# folds int64[k, 5], a row each
TRAIN_FIRST: Final = 0
TRAIN_STOP: Final = 1  # last + 1
TEST_FIRST: Final = 2
TEST_STOP: Final = 3
CHOSEN: Final = 4  # the combination; NONE: no score was defined, nothing is held
NONE: Final = -1

FOLDS = types.int64[:, ::1]


@kernel(types.float64(MARKET, SEARCH, MATRIX, RULES, FOLDS, SCRATCH))
def walk_forward_pass(market: Any, search: Any, inputs: Any, rules: Any, folds: Any, scratch: Any) -> Any:
    """Sharpe ratio (annualised) of what was chosen fold by fold, over all test bars; NaN when it is undefined.

    The combinations chosen are written into the folds; the first of equals is taken. The score is the Sharpe ratio of
    the bar returns of each combination's own run over the train window. Leaves the stitched run in the scratch. Ends
    with folds[0, CHOSEN] = NONE - 1 - i when combination i has targets that cannot be held.
    """
    n = market.bars.shape[1]
    stitched, best = np.zeros(n), np.full(folds.shape[0], -np.inf)
    folds[:, CHOSEN] = NONE
    for i in range(search.params.shape[0]):
        decide(search, inputs, i, scratch.targets)
        if not within(scratch.targets, rules):
            folds[0, CHOSEN] = NONE - 1 - i
            return np.nan
        run_combination(market, rules, scratch)
        scratch.returns[0] = scratch.book.equity[0] / rules.initial[0] - 1.0
        for t in range(1, n):
            scratch.returns[t] = scratch.book.equity[t] / scratch.book.equity[t - 1] - 1.0
        for f in range(folds.shape[0]):
            mean, deviation = mean_and_std(scratch.returns[folds[f, TRAIN_FIRST] : folds[f, TRAIN_STOP]])
            score = ratio(mean, deviation)
            if score > best[f]:
                best[f] = score
                folds[f, CHOSEN] = i
                # decided at the close before the first test bar, so that its first fill falls into the test
                first, last = folds[f, TEST_FIRST] - 1, folds[f, TEST_STOP] - 1
                stitched[first:last] = scratch.targets[first:last]
    scratch.targets[:] = stitched
    run_combination(market, rules, scratch)
    first, last = folds[0, TEST_FIRST], folds[folds.shape[0] - 1, TEST_STOP]
    for t in range(first, last):
        scratch.returns[t] = scratch.book.equity[t] / scratch.book.equity[t - 1] - 1.0
    mean, deviation = mean_and_std(scratch.returns[first:last])
    return reward_ratio(mean, deviation, rules.periods_per_year)


@kernel(types.void(MARKET, SEARCH, RULES, types.Tuple((MATRIX, FOLDS)), INTS, VECTOR))
def walk_forward_of_permutations(market: Any, search: Any, rules: Any, given: Any, plan: Any, out: Any) -> None:
    """`walk_forward_pass` on permuted histories into out float64[m]; `given` are the relatives and the folds.

    `plan` int64[4]: seed, number of the first permutation, first bar that may move, bars a block.
    """
    relatives, folds = given[0], given[1].copy()
    n = market.bars.shape[1]
    scratch = new_scratch(n)
    bars, orders = np.empty((5, n)), np.empty((2, n), dtype=np.int64)
    inputs = np.empty((search.rows, n))
    permuted = Market(bars, market.years, market.actions)
    for r in range(out.shape[0]):
        draw_order(plan[0], plan[1] + r, plan[2], plan[3], orders)
        permute_bars(market.bars, relatives, plan[2], orders, bars)
        if search.prepare != 0:
            call_prepare(search.prepare, (bars, inputs))
            out[r] = walk_forward_pass(permuted, search, inputs, rules, folds, scratch)
        else:
            out[r] = walk_forward_pass(permuted, search, bars, rules, folds, scratch)
