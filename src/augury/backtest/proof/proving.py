"""The proof of a backtest: everything that can be said about whether it is more than luck, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.proof.benchmarks import buy_and_hold
from augury.backtest.proof.proof_spec import ProofSpec
from augury.backtest.proof.proof_tests import Tried, evidence_of, run_tests
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of
from augury.backtest.search.significance import permuted_search, permuted_walk_forward
from augury.backtest.search.sweep_result import SweepResult
from augury.backtest.search.walk_forward import WalkForward, walk_forward
from augury.backtest.search.walk_forward_kernel import TEST_FIRST, TEST_STOP
from augury.errors import AuguryError, InvalidInput
from augury.validation import PermutationSpec, PermutationTest, Verdict, WalkForwardSpec, judge
from augury.validation.bootstrap import BootstrapInterval, BootstrapSpec, bootstrap_intervals
from augury.validation.evidence import Tests

__all__ = ["Proof", "prove"]

Stage: TypeAlias = Callable[[Iterable[Any], str, int], Iterable[Any]]

_SHOWN = 20
_SMALLEST_TEST = 19  # permutations below which a p-value of 5 % cannot come about


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """Tests, intervals and verdicts of one result.

    `in_sample` judges the result as it was shown, discounted for everything tried; `out_of_sample` the walk-forward
    over the same search (None without one). `verdict` is the second when it promotes or refutes, else the first: a
    result that was chosen on the data it is measured on is never promoted by itself. `benchmark` float64[n] is buy and
    hold under the same costs. `tried` is what the ledger knows of tries on the same data, this one included; None:
    nobody kept count.
    """

    spec: ProofSpec
    tests: Tests
    in_sample: Verdict
    out_of_sample: Verdict | None
    intervals: tuple[BootstrapInterval, ...]
    benchmark: FloatVector = field(repr=False)
    tried: Tried | None
    trials: int | None
    sweep: SweepResult | None
    walk_forward: WalkForward | None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The one to act on."""
        decisive = self.out_of_sample is not None and self.out_of_sample.level in ("promote", "refuted")
        return self.out_of_sample if decisive and self.out_of_sample is not None else self.in_sample

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; null distributions are left out."""
        tests = {name: _slim(getattr(self.tests, name)) for name in self.tests.__slots__}
        return {
            "verdict": self.verdict.to_dict(),
            "out_of_sample": None if self.out_of_sample is None else self.out_of_sample.to_dict(),
            "tests": tests,
            "intervals": [_slim(interval) for interval in self.intervals],
            "trials": self.trials,
            "spec": self.spec.to_dict(),
            "notes": list(self.notes),
        }


def _slim(outcome: Any) -> Any:
    """A test as plain values without its long arrays."""
    if outcome is None:
        return None
    values: dict[str, Any] = outcome.to_dict()
    return {name: value for name, value in values.items() if not _long(value)}


def _long(value: Any) -> bool:
    """Whether it is an array of more than a handful of numbers."""
    return isinstance(value, list) and len(value) > _SHOWN and not isinstance(value[0], dict)


def _silent(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:  # noqa: ARG001
    return items


def prove(
    result: BacktestResult,
    spec: ProofSpec | None = None,
    *,
    sweep: SweepResult | None = None,
    tried: Tried | None = None,
    leaks: int | None = None,
    stage: Stage = _silent,
) -> BacktestResult:
    """The result with its proof: benchmark, intervals, permutation tests, deflation, sensitivities and the verdict.

    `sweep` is the search that the result was chosen from: the permutation test then repeats the whole search, and a
    walk-forward over it is judged too; of a sweep over several symbols the result's own counts. `tried` is what a
    ledger knows of tries on the same data; None counts the search alone, and a note says so. `leaks` is the number of columns that a causality check found looking
    ahead, None when it was not run. `stage(items, label, total)` shows progress. Deterministic for a given `spec.seed`.
    InvalidInput for a sweep that the result is not from.
    """
    spec = spec or ProofSpec()
    if not result.subject.periods_per_year > 0.0:
        raise InvalidInput(
            f"how many bars make a year cannot be told from these {len(result.run.bars)}; a proof needs it: set "
            "periods_per_year, such as 252 for daily bars of an exchange (-s periods_per_year=252), or pass more bars"
        )
    sweep = None if sweep is None else _search_of(result, sweep)
    benchmark = buy_and_hold(result)
    returns = benchmark.returns
    measured = result_of(result.subject, result.run, returns)
    tests = run_tests(measured, returns, spec, sweep=sweep, tried=tried)
    permutation, notes = _in_sample_test(measured, spec, sweep, stage)
    forward, forward_test, more = _walk_forward_tests(measured, spec, sweep, stage)
    tests = replace(tests, permutation=permutation, walk_forward_permutation=forward_test)
    evidence = replace(evidence_of(measured, tests, returns, tried=tried), out_of_sample=_untouched(sweep, tried))
    proof = Proof(
        spec=spec,
        tests=tests,
        in_sample=judge(replace(evidence, leaks=leaks)),
        out_of_sample=None if forward is None else _judge_forward(forward, tests, spec, _beside(sweep, tried), leaks),
        intervals=_intervals(measured.returns, measured, spec),
        benchmark=benchmark.run.equity,
        tried=tried,
        trials=evidence.trials,
        sweep=sweep,
        walk_forward=forward,
        notes=tuple(_uncounted(sweep, tried) + notes + more),
    )
    return replace(measured, proof=proof)


def _uncounted(sweep: SweepResult | None, tried: Tried | None) -> list[str]:
    if sweep is None or tried is not None:
        return []
    return [
        f"Only the {len(sweep):,} combinations of this search are counted: no record of earlier tries on these bars was "
        "given."
    ]


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


def _untouched(sweep: SweepResult | None, tried: Tried | None) -> bool | None:
    """Whether nothing was chosen on these data: the result is the only one ever tried there; None: nobody knows."""
    if sweep is not None:
        return False
    return None if tried is None else tried.configurations <= 1


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


def _intervals(returns: FloatVector, result: BacktestResult, spec: ProofSpec) -> tuple[BootstrapInterval, ...]:
    options = BootstrapSpec(
        replications=spec.replications,
        confidence=spec.confidence,
        bars_per_year=result.subject.periods_per_year,
    )
    return bootstrap_intervals(returns, ("sharpe", "cagr", "max_drawdown"), options, seed=spec.seed)


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
        return None, ["Positions given as an array cannot be recomputed on permuted bars: no permutation test."]

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
        train_bars=spec.train_bars or max(20, bars // 3), test_bars=spec.test_bars or max(5, bars // 12)
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
    own = replace(
        own,
        permutation=tests.permutation,
        walk_forward_permutation=tests.walk_forward_permutation,
        overfitting=tests.overfitting,
        plateau=tests.plateau,
    )
    evidence = evidence_of(stitched, own, hold, tried=tried, window=(first, last))
    return judge(replace(evidence, out_of_sample=True, leaks=leaks))
