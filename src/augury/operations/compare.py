"""The `compare` operation: several strategies on the same bars under the same settings, and whether one is better."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import backtest, report, validation
from augury.operations.contenders import Contender, contenders_of
from augury.operations.files import PAGES, check_output
from augury.operations.leak_count import count_leaks
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import CONTENDERS, WRITTEN
from augury.operations.recording import Recorded, capsule_of, entry_of, ready_to_record, record
from augury.operations.registry import register
from augury.operations.strategy_inputs import Instrument, RunOptions, backtest_spec, kept_of, read_instrument

if TYPE_CHECKING:
    from augury.arrays import FloatMatrix
    from augury.backtest import BacktestResult, ProofSpec
    from augury.report import Comparison
    from augury.validation import Superiority

__all__ = ["CompareOptions", "CompareResult", "Compared"]

_BENCHMARK = "buy and hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(RunOptions):
    """Options of the `compare` operation."""

    file: Annotated[str, msgspec.Meta(description="Bars: CSV, Parquet or Feather.")] = option(
        positional=True, path=True
    )
    strategies: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Two or more: names or .py files; label=NAME tells two of the same name apart. Buy and hold is "
            "always there."
        ),
    ] = option(positional=True, path=CONTENDERS)
    parameters: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="A parameter of one strategy, sma_crossover.fast=10, or of all that have it, fast=10; repeat."
        ),
    ] = option((), short="-p")
    permutations: Annotated[
        int, msgspec.Meta(ge=0, description="Histories in random order to compare each with; 0 for none.")
    ] = option(1000)
    report: Annotated[str | None, msgspec.Meta(description="Write one self-contained HTML page here.")] = option(
        None, short="-r", path=WRITTEN
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One strategy of a comparison with its proof."""

    label: str
    result: BacktestResult
    capsule: str

    @property
    def deflated_sharpe(self) -> float | None:
        """Probability that its Sharpe ratio is above zero given all that was tried; None when undefined."""
        proof = self.result.proof
        return None if proof is None else proof.in_sample.evidence.value("deflated_sharpe")

    @property
    def verdict(self) -> str:
        """The level of its verdict."""
        return "" if self.result.proof is None else str(self.result.proof.verdict.level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompareResult:
    """The strategies by falling Sharpe ratio, buy and hold, and what tells them apart.

    `superiority` tests all of them together against buy and hold; its places are those of `compared`. `correlation`
    float64[k, k] of bar returns in the same order, NaN for a strategy that never moves.
    """

    compared: tuple[Compared, ...]
    holding: BacktestResult
    superiority: Superiority
    correlation: FloatMatrix
    recorded: Recorded
    notes: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def better(self) -> tuple[str, ...]:
        """Labels of those that are better than holding by more than the luck of the best of so many."""
        return tuple(self.compared[place].label for place in self.superiority.winners)

    @property
    def conclusion(self) -> str:
        """Which one, if any, is better than holding, in a sentence."""
        test, count = self.superiority, len(self.compared)
        if not test.computed:
            return f"Whether one is better than holding cannot be told: {test.reason}."
        p_value = f"p = {test.p_consistent:.3g}, superior predictive ability of {count}"
        if self.better:
            verb = "earns" if len(self.better) == 1 else "earn"
            return f"{' and '.join(self.better)} {verb} more than holding, by more than luck ({p_value})."
        best = self.compared[test.best].label
        if test.statistic <= 0.0:
            return f"None earns more than holding a bar on average; {best} comes nearest ({p_value})."
        return f"None is better than holding: what {best} earns more is within luck ({p_value})."

    @property
    def comparison(self) -> Comparison:
        """The page of all of them, buy and hold last."""
        stories = [dataclasses.replace(one.result.story(), title=one.label) for one in self.compared]
        holding = dataclasses.replace(self.holding.story(), title=_BENCHMARK)
        first = self.holding
        return report.Comparison(
            title=f"{len(self.compared)} strategies on {first.symbol}",
            stories=[*stories, holding],
            subtitle=self.conclusion,
            notes=self.notes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, undefined ones as None."""
        rows = [
            {"label": one.label, **one.result.to_dict(), "capsule": one.capsule, "verdict": one.verdict}
            for one in self.compared
        ]
        return {
            "strategies": rows,
            "benchmark": {"label": _BENCHMARK, "metrics": self.holding.metrics.to_dict(), "costs": self.holding.costs},
            "superiority": self.superiority.to_dict(),
            "better": list(self.better),
            "conclusion": self.conclusion,
            "correlation": {
                "labels": [one.label for one in self.compared],
                "matrix": [
                    [None if math.isnan(value) else value for value in row] for row in self.correlation.tolist()
                ],
            },
            "ledger": self.recorded.to_dict(),
            "notes": list(self.notes),
            "written": list(self.written),
        }


def _run(options: CompareOptions, progress: Progress) -> CompareResult:
    if options.report is not None:
        sources = [options.file, *(text.rpartition("=")[2] for text in options.strategies)]
        check_output(options.report, made_from=sources, endings=PAGES)
    ready_to_record(options.ledger, (options.report,))
    contenders = contenders_of(options.strategies, options.parameters)
    instrument = read_instrument(options.file, options)
    spec = backtest_spec(options)
    results = [
        backtest.run_backtest(
            one.strategy,
            instrument.bars,
            one.parameters,
            spec,
            actions=instrument.actions,
            symbol=instrument.symbol,
        )
        for one in progress.track(contenders, "Running", len(contenders))
    ]
    outcome = _judged(options, instrument, contenders, results, progress)
    if options.report is not None:
        report.write_page(outcome.comparison, Path(options.report))
    return outcome


def _judged(
    options: CompareOptions,
    instrument: Instrument,
    contenders: tuple[Contender, ...],
    results: list[BacktestResult],
    progress: Progress,
) -> CompareResult:
    import numpy as np

    for result in results:
        backtest.require_known_year(result)
    plan = backtest.ProofSpec(permutations=options.permutations, seed=options.seed)
    kept = kept_of(options, instrument) | {"proof": plan.to_dict(), "seed": plan.seed}
    capsules = [
        capsule_of("compare", one.given, result, path=options.file, options=kept | {"label": one.label})
        for one, result in zip(contenders, results, strict=True)
    ]
    entries = [entry_of("compare", result, capsule) for result, capsule in zip(results, capsules, strict=True)]
    recorded = record(entries, options.ledger)
    compared = [
        Compared(label=one.label, result=_proven(result, one.label, plan, recorded, progress), capsule=capsule.id)
        for one, result, capsule in zip(contenders, results, capsules, strict=True)
    ]
    compared.sort(key=lambda one: -np.nan_to_num(one.result.metrics.sharpe.value, nan=-np.inf))
    holding = backtest.buy_and_hold(results[0])
    returns = np.stack([one.result.returns for one in compared])
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.asarray(np.corrcoef(returns))
    return CompareResult(
        compared=tuple(compared),
        holding=holding,
        superiority=validation.superiority_test(returns, holding.returns, seed=plan.seed),
        correlation=correlation,
        recorded=recorded,
        notes=(*instrument.notes, *recorded.notes),
        written=() if options.report is None else (options.report,),
    )


def _proven(
    result: BacktestResult, label: str, plan: ProofSpec, recorded: Recorded, progress: Progress
) -> BacktestResult:
    def stage(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
        return progress.track(items, f"{what} for {label}", total)

    leaks, _ = count_leaks(result)
    return backtest.prove(result, plan, tried=recorded.tried, leaks=leaks, stage=stage)


register(
    Operation(
        name="compare",
        summary="Run several strategies on the same bars side by side, and say which, if any, is better than holding.",
        example="augury compare AAPL.csv sma_crossover donchian_breakout mine.py --report comparison.html",
        spec_type=CompareOptions,
        result="augury.operations.compare:CompareResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
