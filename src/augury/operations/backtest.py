"""The `backtest` operation: one strategy on one file of bars, with its proof, written to the ledger."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import backtest, report
from augury.operations.files import PAGES, TEXTS, check_output, write_text
from augury.operations.operation import Operation, Progress, option
from augury.operations.recording import Recorded, capsule_of, entry_of, record
from augury.operations.registry import register
from augury.operations.strategy_inputs import RunOptions, backtest_spec, parameters_of, read_instrument

if TYPE_CHECKING:
    from augury.backtest import BacktestResult
    from augury.ledger import Capsule
    from augury.report import Story

__all__ = ["BacktestOptions", "BacktestOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions(RunOptions):
    """Options of the `backtest` operation."""

    strategy: Annotated[
        str, msgspec.Meta(description="A strategy's name, or a .py file that defines positions(bars).")
    ] = option(positional=True)
    file: Annotated[str, msgspec.Meta(description="Bars: CSV, Parquet or Feather.")] = option(positional=True)
    permutations: Annotated[
        int, msgspec.Meta(ge=0, description="Histories in random order to compare with; 0 for none.")
    ] = option(1000)
    report: Annotated[str | None, msgspec.Meta(description="Write one self-contained HTML page here.")] = option(
        None, short="-r"
    )
    save: Annotated[
        str | None, msgspec.Meta(description="Write the run capsule (.json) here, for verify and report.")
    ] = option(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOutcome:
    """The result with its proof, where it was recorded, and the files written."""

    result: BacktestResult
    recorded: Recorded
    capsule: Capsule
    notes: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def story(self) -> Story:
        """The result as reports tell it, with the notes on how it was made."""
        story = self.result.story()
        return dataclasses.replace(story, notes=(*self.notes, *story.notes))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            **self.result.to_dict(),
            "notes": [*self.notes, *self.result.notes],
            "ledger": self.recorded.to_dict(),
            "capsule": self.capsule.id,
            "written": list(self.written),
        }


def _run(options: BacktestOptions, progress: Progress) -> BacktestOutcome:
    if options.report is not None:
        check_output(options.report, made_from=[options.file, options.strategy], endings=PAGES)
    if options.save is not None:
        check_output(options.save, made_from=[options.file, options.strategy], endings=TEXTS)
    instrument = read_instrument(options.file, options)
    spec = backtest_spec(options)
    result = backtest.run_backtest(
        options.strategy,
        instrument.bars,
        parameters_of(options.parameters),
        spec,
        actions=instrument.actions,
        symbol=instrument.symbol,
    )
    kept = {"permutations": options.permutations, "seed": options.seed, "splits": options.splits}
    kept |= {"symbol": options.symbol, "zone": options.zone}
    capsule = capsule_of("backtest", options.strategy, result, path=options.file, options=kept)
    recorded = record([entry_of("backtest", result, capsule)], options.ledger)
    plan = backtest.ProofSpec(permutations=options.permutations, seed=options.seed)

    def stage(items: Any, label: str, total: int) -> Any:
        return progress.track(items, label, total)

    proven = backtest.prove(result, plan, tried=recorded.tried, stage=stage)
    outcome = BacktestOutcome(
        result=proven,
        recorded=recorded,
        capsule=capsule,
        notes=(*instrument.notes, *recorded.notes),
        written=tuple(path for path in (options.report, options.save) if path is not None),
    )
    if options.report is not None:
        report.write_page(outcome.story, Path(options.report))
    if options.save is not None:
        write_text(capsule.to_json(), options.save)
    return outcome


register(
    Operation(
        name="backtest",
        summary="Run a strategy on a file of bars: result, trades, costs, the proof of significance and a verdict.",
        example="augury backtest sma_crossover AAPL.csv -p fast=20 -p slow=100 --report out.html",
        spec_type=BacktestOptions,
        result="augury.operations.backtest:BacktestOutcome",
        run=_run,
        changes_state=True,
        role="analyst",
        long=True,
    )
)
