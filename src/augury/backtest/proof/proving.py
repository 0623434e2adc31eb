"""The proof of a backtest: everything that can be said about whether it is more than luck, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np

from augury.backtest.proof.benchmarks import buy_and_hold
from augury.backtest.proof.proof_record import Proof
from augury.backtest.proof.proof_spec import ProofSpec
from augury.backtest.proof.proof_tests import Tried, evidence_of, intervals_of, run_tests, untouched
from augury.backtest.result import BacktestResult
from augury.backtest.run import metrics_of
from augury.backtest.search.significance import permuted_search, permuted_walk_forward
from augury.backtest.search.sweep_result import SweepResult
from augury.backtest.search.walk_forward import WalkForward, walk_forward
from augury.backtest.search.walk_forward_kernel import TEST_FIRST, TEST_STOP
from augury.errors import AuguryError, InvalidInput
from augury.validation import PermutationSpec, PermutationTest, Verdict, WalkForwardSpec, judge
from augury.validation.evidence import Tests

if TYPE_CHECKING:
    from augury.backtest.portfolio.portfolio_result import PortfolioResult

__all__ = ["prove", "require_known_year"]

Proven = TypeVar("Proven", bound=BacktestResult)
Stage: TypeAlias = Callable[[Iterable[Any], str, int], Iterable[Any]]

_SMALLEST_TEST = 19  # permutations below which a p-value of 5 % cannot come about


def _silent(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:  # noqa: ARG001
    return items


@overload
def prove(
    result: Proven,
    spec: ProofSpec | None = None,
    *,
    sweep: SweepResult | None = None,
    tried: Tried | None = None,
    leaks: int | None = None,
    stage: Stage = _silent,
) -> Proven: ...
@overload
def prove(
    result: PortfolioResult,
    spec: ProofSpec | None = None,
    *,
    sweep: None = None,
    tried: Tried | None = None,
    leaks: int | None = None,
    stage: Stage = _silent,
) -> PortfolioResult: ...
def prove(
    result: BacktestResult | PortfolioResult,
    spec: ProofSpec | None = None,
    *,
    sweep: SweepResult | None = None,
    tried: Tried | None = None,
    leaks: int | None = None,
    stage: Stage = _silent,
) -> BacktestResult | PortfolioResult:
    """The result with its proof: benchmark, intervals, permutation tests, deflation, sensitivities and the verdict.

    `sweep` is the search that the result was chosen from: the permutation test then repeats the whole search, and a
    walk-forward over it is judged too; of a sweep over several symbols the result's own counts. `tried` is what a
    ledger knows of tries on the same data; None counts the search alone, and a note says so. `leaks` is the number of
    columns that a causality check found looking ahead, None when it was not run. `stage(items, label, total)` shows
    progress. Deterministic for a given `spec.seed`.

    Signals, orders, given positions and portfolios cannot be computed on permuted bars: those tests are "not tested"
    and say why, everything else is tested (see `prove_portfolio` for portfolios). InvalidInput for a sweep that the
    result is not from.
    """
    spec = spec or ProofSpec()
    if isinstance(result, BacktestResult):
        return _prove_single(result, spec, _Known(sweep, tried, leaks), stage)
    if sweep is not None:
        raise InvalidInput("a sweep is over a strategy on single instruments; a portfolio is proven without one")
    from augury.backtest.proof.portfolio_proving import prove_portfolio  # its kernel is loaded when it is needed

    return prove_portfolio(result, spec, tried=tried, leaks=leaks)


class _Known(NamedTuple):
    """What is known beside the result: the search, the record of tries, the look-ahead found."""

    sweep: SweepResult | None
    tried: Tried | None
    leaks: int | None


def _prove_single(result: Proven, spec: ProofSpec, known: _Known, stage: Stage) -> Proven:
    sweep, tried, leaks = known
    require_known_year(result)
    sweep = None if sweep is None else _search_of(result, sweep)
    benchmark = buy_and_hold(result)
    returns = benchmark.returns
    metrics = metrics_of(result.subject, result.run, result.trade_list, returns)
    measured = replace(result, metrics=metrics)
    tests = run_tests(measured, returns, spec, sweep=sweep, tried=tried)
    permutation, notes = _in_sample_test(measured, spec, sweep, stage)
    forward, forward_test, more = _walk_forward_tests(measured, spec, sweep, stage)
    intervals = intervals_of(measured.returns, result.subject.periods_per_year, spec)
    tests = replace(tests, interval=intervals[0], permutation=permutation, walk_forward_permutation=forward_test)
    evidence = evidence_of(measured, tests, returns, tried=tried)
    unseen = None if forward is None else _judge_forward(forward, tests, spec, _beside(sweep, tried), leaks)
    evidence = replace(
        evidence,
        out_of_sample=untouched(sweep, tried),
        record_kept=tried is not None,
        walk_forward_sharpe=None if unseen is None else unseen.evidence.sharpe,
        leaks=leaks,
        reasons=(*evidence.reasons, *_given_reasons(result)),
    )
    proof = Proof(
        spec=spec,
        tests=tests,
        in_sample=judge(evidence),
        out_of_sample=unseen,
        intervals=intervals,
        benchmark=benchmark.run.equity,
        tried=tried,
        trials=evidence.trials,
        sweep=sweep,
        walk_forward=forward,
        notes=tuple(_uncounted(sweep, tried) + notes + more),
    )
    return replace(measured, proof=proof)


def require_known_year(result: BacktestResult) -> None:
    """InvalidInput when it cannot be told how many bars make a year, without which there is no proof."""
    if not result.subject.periods_per_year > 0.0:
        raise InvalidInput(
            f"how many bars make a year cannot be told from these {len(result.run.bars)}; a proof needs it: set "
            "periods_per_year, such as 252 for daily bars of an exchange (-s periods_per_year=252), or pass more bars"
        )


def _uncounted(sweep: SweepResult | None, tried: Tried | None) -> list[str]:
    if sweep is None or tried is not None:
        return []
    told = f"Only the {len(sweep):,} combinations of this search are counted: no record of earlier tries was given."
    return [told]


def _search_of(result: BacktestResult, sweep: SweepResult) -> SweepResult:
    """The part of a sweep that the result was chosen from; InvalidInput when it was another strategy, data or spec."""
    sweep = sweep.only(result.symbol)
    theirs, mine = sweep.parts[0].subject, result.subject
    differs = {
        "strategy": theirs.strategy.code_id != mine.strategy.code_id,
        "bars": not np.array_equal(theirs.bars.matrix, mine.bars.matrix)
        or not np.array_equal(theirs.actions, mine.actions, equal_nan=True),
        "settings": sweep.spec != result.spec,
        "parameters": sweep.params.shape[1] != mine.values.size or not (sweep.params == mine.values).all(axis=1).any(),
    }
    wrong = [name for name, differ in differs.items() if differ]
    if wrong:
        raise InvalidInput(
            f"the sweep should be the search that the result was chosen from, but its {' and '.join(wrong)} differ; "
            "take the result from it with sweep.result(sweep.best())"
        )
    return sweep


def _beside(sweep: SweepResult | None, tried: Tried | None) -> Tried | None:
    """What was tried beside the search that a walk-forward repeats, with the walk-forward as one more."""
    if tried is None or sweep is None:
        return tried
    left = max(0, tried.configurations - len(sweep))
    share = left / max(tried.configurations, 1)
    return replace(
        tried,
        configurations=left + 1,
        effective=1.0 + tried.effective * share,
        sharpes=tried.sharpes if left else np.empty(0),
    )


def _given_words(result: BacktestResult) -> str:
    """Why what was given cannot be tested on other bars."""
    return f"{result.subject.strategy.name} that are given cannot be recomputed on permuted bars"


def _given_reasons(result: BacktestResult) -> tuple[tuple[str, str], ...]:
    """Why tests that need a strategy were not made, by the name of their figure."""
    if not result.subject.strategy.fixed:
        return ()
    return tuple((name, _given_words(result)) for name in ("permutation_p", "walk_forward_permutation_p"))


def _plan(spec: ProofSpec) -> PermutationSpec:
    return PermutationSpec(permutations=spec.permutations, block_bars=spec.block_bars)


def _in_sample_test(
    result: BacktestResult, spec: ProofSpec, sweep: SweepResult | None, stage: Stage
) -> tuple[PermutationTest | None, list[str]]:
    """The permutation test of the whole search, or of the one combination when nothing was searched."""
    if spec.permutations < _SMALLEST_TEST:
        return None, ["The permutation tests were left out."]
    params = result.subject.values[None, :] if sweep is None else sweep.params
    if result.subject.strategy.fixed:
        return None, [f"No permutation test: {_given_words(result)}."]

    def track(items: Iterable[Any], total: int) -> Iterable[Any]:
        return stage(items, "Permuting", total)

    try:
        test = permuted_search(
            result.subject, np.ascontiguousarray(params), result.spec, _plan(spec), seed=spec.seed, track=track
        )
    except AuguryError as error:
        return None, [f"No permutation test: {error}."]
    return test, []


def _walk_forward_tests(
    result: BacktestResult, spec: ProofSpec, sweep: SweepResult | None, stage: Stage
) -> tuple[WalkForward | None, PermutationTest | None, list[str]]:
    if sweep is None or len(sweep) < 2:
        return None, None, []
    bars = len(result.run.bars)
    folds = WalkForwardSpec(
        train_bars=spec.train_bars or max(20, bars // 3), test_bars=spec.test_bars or max(5, bars // 15)
    )

    def track(items: Iterable[Any], total: int) -> Iterable[Any]:
        return stage(items, "Permuting, walk-forward", total)

    try:
        forward = walk_forward(result.subject, sweep.params, result.spec, folds)
    except AuguryError as error:
        return None, None, [f"No walk-forward: {error}."]
    if spec.permutations < _SMALLEST_TEST:
        return forward, None, []
    try:
        return forward, permuted_walk_forward(forward, _plan(spec), seed=spec.seed, track=track), []
    except AuguryError as error:
        return forward, None, [f"No permutation test of the walk-forward: {error}."]


def _judge_forward(
    forward: WalkForward, tests: Tests, spec: ProofSpec, tried: Tried | None, leaks: int | None
) -> Verdict:
    """The verdict on the bars that no choice had seen, as one procedure tried once more than what the ledger knows."""
    stitched = forward.result
    first, last = int(forward.folds[0, TEST_FIRST]), int(forward.folds[-1, TEST_STOP])
    hold = buy_and_hold(stitched).returns
    own = run_tests(stitched, hold, spec, sweep=None, tried=tried, window=(first, last))
    unseen, annual = stitched.returns[first:last], stitched.subject.periods_per_year
    own = replace(
        own,
        interval=intervals_of(unseen, annual, spec, ("sharpe",))[0],
        permutation=tests.permutation,
        walk_forward_permutation=tests.walk_forward_permutation,
        overfitting=tests.overfitting,
        plateau=tests.plateau,
    )
    evidence = evidence_of(stitched, own, hold, tried=tried, window=(first, last))
    return judge(replace(evidence, out_of_sample=True, leaks=leaks))
