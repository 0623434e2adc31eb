"""Evaluating a strategy at a door: run or search, record, prove, write. `backtest` and `validate` both end here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury import backtest, report
from augury.errors import InvalidInput
from augury.operations.files import PAGES, TEXTS, check_output, write_text
from augury.operations.leak_count import count_leaks
from augury.operations.operation import Progress
from augury.operations.recording import Recorded, capsule_of, entry_of, ready_to_record, record
from augury.operations.strategy_inputs import (
    Instrument,
    StrategyOptions,
    backtest_spec,
    kept_of,
    parameters_of,
    read_instrument,
)
from augury.operations.strategy_names import notes_on, strategy_of

if TYPE_CHECKING:
    from augury.backtest import BacktestResult, SweepResult
    from augury.ledger import Capsule
    from augury.report import Story

__all__ = ["Evaluation", "check_outputs", "evaluate_run", "evaluate_search"]

_MOST_RECORDED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A result with its proof, where it was recorded, the search it was chosen from, and the files written."""

    result: BacktestResult
    recorded: Recorded
    capsule: Capsule
    search: SweepResult | None
    notes: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def story(self) -> Story:
        """The result as reports tell it, with the notes on how it was made."""
        story = self.result.story()
        return dataclasses.replace(story, notes=(*self.notes, *story.notes))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        search = None if self.search is None else {**self.search.to_dict(), "rows": len(self.search)}
        return {
            **self.result.to_dict(),
            "notes": [*self.notes, *self.result.notes],
            "search": search,
            "ledger": self.recorded.to_dict(),
            "capsule": self.capsule.id,
            "written": list(self.written),
        }


def check_outputs(options: StrategyOptions) -> None:
    """Refuse files that cannot be written before any work is done for them."""
    sources = [options.file, options.strategy]
    if options.report is not None:
        check_output(options.report, made_from=sources, endings=PAGES)
    if options.save is not None:
        check_output(options.save, made_from=sources, endings=TEXTS)
    ready_to_record(options.ledger, (options.report, options.save))


def evaluate_run(options: StrategyOptions, progress: Progress) -> Evaluation:
    """One run with the parameters given: recorded, proven, written."""
    check_outputs(options)
    instrument = read_instrument(options.file, options)
    result = backtest.run_backtest(
        strategy_of(options.strategy),
        instrument.bars,
        parameters_of(options.parameters),
        backtest_spec(options),
        actions=instrument.actions,
        symbol=instrument.symbol,
    )
    plan = backtest.ProofSpec(permutations=options.permutations, seed=options.seed)
    return _finish("backtest", options, instrument, (result, None, plan), progress)


def evaluate_search(
    options: StrategyOptions, grid: dict[str, list[float]], plan: backtest.ProofSpec, progress: Progress
) -> Evaluation:
    """The best of a search by Sharpe ratio: the whole search is recorded and repeated on permuted histories."""
    check_outputs(options)
    size = math.prod(len(values) for values in grid.values())
    if size > _MOST_RECORDED:
        raise InvalidInput(
            f"the grid has {size:,} combinations, each of which is recorded; at most {_MOST_RECORDED:,} are: take "
            "coarser steps"
        )
    instrument = read_instrument(options.file, options)
    found = backtest.sweep(
        strategy_of(options.strategy),
        {instrument.symbol: instrument.bars},
        grid,
        backtest_spec(options),
        actions=instrument.actions,
        track=lambda items, total: progress.track(items, "Searching", total),
    )
    best = found.result(found.best())
    return _finish("validate", options, instrument, (best, found, plan), progress)


def _finish(
    kind: str,
    options: StrategyOptions,
    instrument: Instrument,
    made: tuple[BacktestResult, SweepResult | None, backtest.ProofSpec],
    progress: Progress,
) -> Evaluation:
    result, search, plan = made
    backtest.require_known_year(result)
    kept = kept_of(options, instrument) | {"proof": plan.to_dict()}
    if search is not None:
        import numpy as np

        kept["grid"] = {name: np.unique(search.params[:, at]).tolist() for at, name in enumerate(search.names)}
    capsule = capsule_of(kind, options.strategy, result, path=options.file, options=kept | {"seed": plan.seed})
    recorded = record([entry_of(kind, result, capsule, search)], options.ledger)

    def stage(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
        return progress.track(items, label, total)

    leaks, warnings = count_leaks(result)
    proven = backtest.prove(result, plan, sweep=search, tried=recorded.tried, leaks=leaks, stage=stage)
    about = notes_on(options.strategy, int(result.subject.bars.opened_at[0]))
    outcome = Evaluation(
        result=proven,
        recorded=recorded,
        capsule=capsule,
        search=search,
        notes=(*warnings, *about, *instrument.notes, *recorded.notes),
        written=tuple(path for path in (options.report, options.save) if path is not None),
    )
    if options.report is not None:
        report.write_page(outcome.story, Path(options.report))
    if options.save is not None:
        write_text(capsule.to_json(), options.save)
    return outcome
