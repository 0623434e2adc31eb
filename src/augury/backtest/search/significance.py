"""Permutation tests of a whole search: every permuted history is searched as the real one was, inside the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account.layout import Market
from augury.backtest.search.sweep_kernel import MEASURES, Blocks, Rules, Search, best_of_permutations, sweep_chunk
from augury.backtest.search.sweeping import inputs_of, market_of, rules_of, search_of, untracked
from augury.backtest.search.threads import Track, in_threads, threads
from augury.backtest.search.walk_forward import WalkForward, walk_forward_over
from augury.backtest.search.walk_forward_kernel import TRAIN_STOP, walk_forward_of_permutations
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject
from augury.errors import NotFound, nearest
from augury.market.bars import BarArrays
from augury.validation import PermutationSpec, PermutationTest, permutation_test, permuted_bars
from augury.validation.permutation import judge_null
from augury.validation.permutation_kernels import bar_relatives

__all__ = ["best_of_search", "permuted_search", "permuted_walk_forward"]

_STEPS_A_TASK = 8_000_000
_NO_BLOCKS = Blocks(np.empty((0, 1)), np.empty((2, 0, 0)))


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a compiled search needs in the kernel."""

    market: Market
    search: Search
    rules: Rules
    relatives: FloatMatrix


def _on(subject: Subject, bars: BarArrays) -> Subject:
    """The subject on other bars, which have no corporate actions."""
    return replace(subject, bars=bars, signal_bars=bars, actions=np.empty((3, 0)))


def _setting(subject: Subject, params: FloatMatrix, spec: BacktestSpec) -> _Setting:
    relatives = np.empty_like(subject.bars.matrix)
    bar_relatives(subject.bars.matrix, relatives)
    return _Setting(market_of(subject), search_of(subject, params), rules_of(subject, spec), relatives)


def _measure_index(measure: str) -> int:
    if measure not in MEASURES[:7]:
        raise NotFound(f"a search is not ranked by {measure!r}; {nearest(measure, MEASURES[:7])}")
    return MEASURES.index(measure)


def best_of_search(subject: Subject, params: FloatMatrix, spec: BacktestSpec, measure: str = "sharpe") -> float:
    """The highest value of a measure over all combinations on the subject's own bars; NaN when all are undefined."""
    out = np.empty((len(params), len(MEASURES)))
    search, inputs = search_of(subject, params), inputs_of(subject, params)
    wrong = sweep_chunk(market_of(subject), search, inputs, rules_of(subject, spec), _NO_BLOCKS, out)
    if wrong >= 0:
        subject.targets(spec, params[wrong])
    values = out[:, _measure_index(measure)]
    return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")


def permuted_search(
    subject: Subject,
    params: FloatMatrix,
    spec: BacktestSpec,
    plan: PermutationSpec | None = None,
    *,
    seed: int = 0,
    track: Track = untracked,
) -> PermutationTest:
    """Would the best Sharpe ratio of this search turn up in histories without structure? (Masters 2018, in sample.)

    Each permuted history is searched over all of `params` float64[m, p], so the p-value is corrected for the search.
    The numbers are those of `permutation_test` with the same seed, for any number of threads. History and permutations
    are run alike: on bars free of the steps of splits, without dividends and delisting. Nothing is permuted when the
    Sharpe ratio of the history itself is undefined. InvalidInput for fewer than 10 blocks to permute.
    """
    plan = plan or PermutationSpec()
    smooth = _on(subject, subject.signal_bars)
    if not subject.strategy.compiled:

        def statistic(matrix: FloatMatrix) -> float:
            return best_of_search(_on(smooth, _bars_like(smooth, matrix)), params, spec)

        return permutation_test(statistic, smooth.bars.matrix, plan, seed=seed, track=_counted(track, plan))
    permuted_bars(smooth.bars.matrix, plan, seed=seed, index=0)  # refuses what cannot be permuted
    observed = best_of_search(smooth, params, spec)
    setting = _setting(smooth, params, spec)

    def work(first: int, out: FloatVector) -> None:
        where = np.array([seed, first, plan.start_index, plan.block_bars, _measure_index("sharpe")], dtype=np.int64)
        best_of_permutations(setting.market, setting.search, setting.rules, setting.relatives, where, out)

    return _judged(observed, smooth, plan, seed, lambda: _null_of(work, plan, len(params) * len(smooth.bars), track))


def permuted_walk_forward(
    forward: WalkForward, plan: PermutationSpec | None = None, *, seed: int = 0, track: Track = untracked
) -> PermutationTest:
    """How often chance does as well as a walk-forward: bars after its first train window are permuted.

    `plan.start_index` is set to the end of that window. Otherwise as `permuted_search`.
    """
    windows, params, spec = forward.folds, forward.params, forward.spec
    plan = (plan or PermutationSpec()).replace(start_index=int(windows[0, TRAIN_STOP]))
    smooth = _on(forward.subject, forward.subject.signal_bars)
    if not smooth.strategy.compiled:

        def statistic(matrix: FloatMatrix) -> float:
            return walk_forward_over(_on(smooth, _bars_like(smooth, matrix)), params, spec, windows).sharpe

        return permutation_test(statistic, smooth.bars.matrix, plan, seed=seed, track=_counted(track, plan))
    permuted_bars(smooth.bars.matrix, plan, seed=seed, index=0)
    plain = forward.subject.actions.shape[1] == 0
    observed = forward.sharpe if plain else walk_forward_over(smooth, params, spec, windows).sharpe
    setting = _setting(smooth, params, spec)

    def work(first: int, out: FloatVector) -> None:
        where = np.array([seed, first, plan.start_index, plan.block_bars], dtype=np.int64)
        given = (setting.relatives, windows)
        walk_forward_of_permutations(setting.market, setting.search, setting.rules, given, where, out)

    return _judged(observed, smooth, plan, seed, lambda: _null_of(work, plan, len(params) * len(smooth.bars), track))


def _counted(track: Track, plan: PermutationSpec) -> Callable[[Iterable[int]], Iterable[int]]:
    """Progress as `permutation_test` reports it."""
    return lambda numbers: track(numbers, plan.permutations)


def _bars_like(subject: Subject, matrix: FloatMatrix) -> BarArrays:
    return BarArrays(subject.bars.opened_at, np.ascontiguousarray(matrix))


def _null_of(
    work: Callable[[int, FloatVector], None], plan: PermutationSpec, steps_each: int, track: Track
) -> FloatVector:
    """Run `work(first, out)` over slices of all permutations."""
    null = np.empty(plan.permutations)
    chunk = max(1, min(_STEPS_A_TASK // max(steps_each, 1), -(-plan.permutations // threads())))
    starts = range(0, plan.permutations, chunk)
    in_threads((partial(work, first, null[first : first + chunk]) for first in starts), track)
    return null


def _judged(
    observed: float, subject: Subject, plan: PermutationSpec, seed: int, permuted: Callable[[], FloatVector]
) -> PermutationTest:
    """The test's outcome; `permuted()` computes the null, which is cut where `plan.stop_at` ends it."""
    null = permuted() if np.isfinite(observed) else np.empty(0)
    return judge_null(observed, null, plan, seed=seed, shape=(len(subject.bars), 1))
