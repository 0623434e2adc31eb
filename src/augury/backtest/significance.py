"""Permutation tests of a whole search: every permuted history is searched as the real one was, inside the kernel."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.layout import Market
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject
from augury.backtest.sweeping import Track, market_of, rules_of, search_of, untracked
from augury.backtest.sweep_kernel import MEASURES, Blocks, Rules, Search, best_of_permutations, sweep_chunk
from augury.backtest.walk_forward import WalkForward, folds_of, walk_forward
from augury.backtest.walk_forward_kernel import walk_forward_of_permutations
from augury.errors import InvalidInput, NotFound, nearest
from augury.market.bars import BarArrays
from augury.strategies.strategy import CompiledForm
from augury.validation import PermutationSpec, PermutationTest, WalkForwardSpec, permutation_test
from augury.validation.permutation import judge_null
from augury.validation.permutation_kernels import bar_relatives

__all__ = ["best_of_search", "permuted_search", "permuted_walk_forward"]

_STEPS_A_TASK = 8_000_000


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a compiled search needs in the kernel."""

    market: Market
    search: Search
    rules: Rules
    relatives: FloatMatrix


def _setting(subject: Subject, params: FloatMatrix, spec: BacktestSpec) -> _Setting:
    smooth = replace(subject, bars=subject.signal_bars, actions=np.empty((3, 0)))
    market = market_of(smooth)
    relatives = np.empty_like(smooth.bars.matrix)
    bar_relatives(smooth.bars.matrix, relatives)
    return _Setting(market, search_of(subject, params), rules_of(subject, spec), relatives)


def _measure_index(measure: str) -> int:
    if measure not in MEASURES[:7]:
        raise NotFound(f"a search is not ranked by {measure!r}; {nearest(measure, MEASURES[:7])}")
    return MEASURES.index(measure)


def best_of_search(subject: Subject, params: FloatMatrix, spec: BacktestSpec, measure: str = "sharpe") -> float:
    """The highest value of a measure over all combinations on the subject's own bars; NaN when all are undefined."""
    values = _measured(subject, params, spec)[:, _measure_index(measure)]
    return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")


def _measured(subject: Subject, params: FloatMatrix, spec: BacktestSpec) -> FloatMatrix:
    out = np.empty((len(params), len(MEASURES)))
    form = subject.strategy.form
    if isinstance(form, CompiledForm):
        inputs = form.inputs(subject.signal_bars.matrix)
    else:
        inputs = np.array([subject.strategy.evaluate(subject.signal_bars, row) for row in params])
    nothing = Blocks(np.empty((0, 1)), np.empty((2, 0, 0)))
    sweep_chunk(market_of(subject), search_of(subject, params), inputs, rules_of(subject, spec), nothing, out)
    return out


def permuted_search(
    subject: Subject,
    params: FloatMatrix,
    spec: BacktestSpec,
    plan: PermutationSpec | None = None,
    *,
    seed: int = 0,
    track: Track = untracked,
) -> PermutationTest:
    """Would the best Sharpe ratio of this search turn up in histories without structure? (Masters 2018, in-sample form.)

    Each permuted history is searched over all of `params` float64[m, p], so the p-value is corrected for the search. The
    result depends on the seed only, not on the number of threads.
    """
    plan = plan or PermutationSpec()
    if not subject.strategy.compiled:
        return _permuted_plainly(subject, params, spec, plan, seed)
    setting = _setting(subject, params, spec)
    where = np.array([seed, 0, plan.start_index, plan.block_bars, _measure_index("sharpe")], dtype=np.int64)

    def work(first: int, out: FloatVector) -> None:
        mine = where.copy()
        mine[1] = first
        best_of_permutations(setting.market, setting.search, setting.rules, setting.relatives, mine, out)

    observed = best_of_search(subject, params, spec)
    return _judged(observed, subject, plan, _in_threads(work, plan, len(params) * len(subject.bars), track), seed)


def permuted_walk_forward(
    subject: Subject,
    params: FloatMatrix,
    spec: BacktestSpec,
    folds: WalkForwardSpec,
    plan: PermutationSpec | None = None,
    *,
    seed: int = 0,
    track: Track = untracked,
) -> tuple[WalkForward, PermutationTest]:
    """Walk-forward, and how often chance does as well: bars after the first train window are permuted.

    `plan.start_index` is set to the end of that window.
    """
    if not subject.strategy.compiled:
        raise InvalidInput("the walk-forward permutation test needs a compiled strategy; see `compiled_strategy`")
    real = walk_forward(subject, params, spec, folds)
    windows = folds_of(len(subject.bars), folds)
    plan = (plan or PermutationSpec()).replace(start_index=int(windows[0, 1]))
    setting = _setting(subject, params, spec)

    def work(first: int, out: FloatVector) -> None:
        where = np.array([seed, first, plan.start_index, plan.block_bars], dtype=np.int64)
        given = (setting.relatives, windows)
        walk_forward_of_permutations(setting.market, setting.search, setting.rules, given, where, out)

    null = _in_threads(work, plan, len(params) * len(subject.bars), track)
    return real, _judged(real.sharpe, subject, plan, null, seed)


def _in_threads(
    work: Callable[[int, FloatVector], None], plan: PermutationSpec, steps_each: int, track: Track
) -> FloatVector:
    """Run `work(first, out)` over slices of all permutations; with `stop_at` in rounds, so that it may end early."""
    null = np.empty(plan.permutations)
    chunk = max(1, min(_STEPS_A_TASK // max(steps_each, 1), -(-plan.permutations // (os.cpu_count() or 1))))
    starts = range(0, plan.permutations, chunk)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [pool.submit(work, first, null[first : first + chunk]) for first in starts]
        try:
            for done in track(as_completed(running), len(running)):
                done.result()
        except BaseException:
            for future in running:
                future.cancel()
            raise
    return null


def _judged(
    observed: float, subject: Subject, plan: PermutationSpec, null: IntVector | FloatVector, seed: int
) -> PermutationTest:
    shape = (len(subject.bars), 1)
    if not np.isfinite(observed):
        return judge_null(observed, np.empty(0), plan, seed=seed, shape=shape)
    return judge_null(observed, np.asarray(null, dtype=np.float64), plan.replace(stop_at=0), seed=seed, shape=shape)


def _permuted_plainly(
    subject: Subject, params: FloatMatrix, spec: BacktestSpec, plan: PermutationSpec, seed: int
) -> PermutationTest:
    def statistic(matrix: FloatMatrix) -> float:
        bars = BarArrays(subject.bars.opened_at, np.ascontiguousarray(matrix))
        return best_of_search(replace(subject, bars=bars, signal_bars=bars, actions=np.empty((3, 0))), params, spec)

    return permutation_test(statistic, subject.signal_bars.matrix, plan, seed=seed)
