"""The `report` operation: recorded runs are run again, proven, and told on one page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import backtest
from augury import report as pages
from augury.errors import InvalidInput, Refused
from augury.operations.capsules import FoundCapsule, find_capsule
from augury.operations.files import PAGES, check_output
from augury.operations.leak_count import count_leaks
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import LEDGER, LEDGER_IS_LOCAL, RUNS_CODE, WRITTEN
from augury.operations.recording import ready_to_record, tried_on
from augury.operations.registry import register
from augury.operations.rerun import Rerun, rerunning
from augury.operations.strategy_inputs import labels_of
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.backtest import BacktestResult, SweepResult
    from augury.report import Story

__all__ = ["ReportOptions", "ReportResult", "Told"]

_UNCOUNTED = "No ledger was read, so what was tried before on these data is not counted against this result."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions(Spec):
    """Options of the `report` operation."""

    runs: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Run capsules (.json) or entries of the ledger; several make one page side by side. The code "
            "of their strategies is run."
        ),
    ] = option(positional=True, path=True)
    output: Annotated[str, msgspec.Meta(description="The page to write, .html.")] = option(short="-o", path=WRITTEN)
    permutations: Annotated[
        int | None,
        msgspec.Meta(description="Histories in random order to compare with, 0 for none; as recorded when left out."),
    ] = option(None)
    data: Annotated[str | None, msgspec.Meta(description="Where the bars of the run are now, when they moved.")] = (
        option(None, path=True)
    )
    ledger: Annotated[
        str | None,
        msgspec.Meta(
            description="File of the ledger to count tries from, or off; $AUGURY_LEDGER or augury-ledger.sqlite when "
            "left out. Nothing is written to it."
        ),
    ] = option(None, path=LEDGER, local=LEDGER_IS_LOCAL)
    even_if_changed: Annotated[
        bool, msgspec.Meta(description="Write the page, with a warning, of a run that does not come out as recorded.")
    ] = option(False)

    def check(self) -> None:
        """Bars that moved can be named for one run; permutations are not negative."""
        if self.permutations is not None and self.permutations < 0:
            raise InvalidInput(f"expected 0 or more permutations, got {self.permutations}")
        if self.data is not None and len(self.runs) > 1:
            raise InvalidInput(
                f"--data says where the bars of one run are, got {len(self.runs)} runs; put bars beside the capsules"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One run on the page, and whether it came out as recorded."""

    reference: str
    story: Story
    result: BacktestResult
    reproduced: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportResult:
    """The page that was written and what it tells."""

    written: str
    told: tuple[Told, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        runs = [
            {
                "run": one.reference,
                "title": one.story.title,
                "reproduced": one.reproduced,
                "warnings": list(one.warnings),
                "metrics": one.result.metrics.to_dict(),
                "proof": None if one.result.proof is None else one.result.proof.to_dict(),
            }
            for one in self.told
        ]
        return {"written": self.written, "runs": runs}


def _run(options: ReportOptions, progress: Progress) -> ReportResult:
    check_output(options.output, made_from=[path for path in (*options.runs, options.data) if path], endings=PAGES)
    ready_to_record(options.ledger, (options.output,))
    found = [find_capsule(reference, options.ledger) for reference in options.runs]
    _refuse_repeats(found)
    for one in found:
        if one.capsule.data and one.capsule.data[0].path is not None:
            check_output(options.output, made_from=[one.capsule.data[0].path], endings=PAGES)
    with ExitStack() as running:
        reruns = [running.enter_context(rerunning(one, options.data)) for one in found]
        for again in reruns:
            if not again.reproduced and not options.even_if_changed:
                raise Refused(_not_the_same(again))
        told = tuple(_told(again, options, progress) for again in reruns)
    told = _distinct(told)
    stories = [one.story for one in told]
    page = stories[0] if len(stories) == 1 else pages.Comparison(title=f"{len(stories)} runs", stories=stories)
    pages.write_page(page, Path(options.output))
    return ReportResult(written=options.output, told=told)


def _refuse_repeats(found: Sequence[FoundCapsule]) -> None:
    seen: dict[str, str] = {}
    for one in found:
        if one.capsule.id in seen:
            raise InvalidInput(f"{seen[one.capsule.id]} and {one.reference} are the same run; name it once")
        seen[one.capsule.id] = one.reference


def _not_the_same(again: Rerun) -> str:
    what = (
        "does not come out as recorded" if again.same_data else "would be told from other data than it was recorded on"
    )
    cause = f"; probable cause: {again.cause}" if again.same_data and again.cause else ""
    return (
        f"{again.found.reference} {what}{cause}. `augury verify {again.found.reference.removeprefix('entry ')}` says "
        "what changed; --even-if-changed writes the page all the same"
    )


def _told(again: Rerun, options: ReportOptions, progress: Progress) -> Told:
    capsule, result = again.capsule, again.result
    plan = backtest.ProofSpec.from_dict(capsule.options.get("proof") or {"seed": capsule.seed or 0})
    if options.permutations is not None:
        plan = plan.replace(permutations=options.permutations)
    search = _search(again, progress)

    def stage(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
        return progress.track(items, f"{label}, {again.found.reference}", total)

    tried = tried_on(capsule, options.ledger, trials=1 if search is None else len(search))
    leaks, looked = count_leaks(result)
    proven = backtest.prove(result, plan, sweep=search, tried=tried, leaks=leaks, stage=stage)
    warnings = looked if again.reproduced else (*looked, _warning(again))
    notes = (*warnings, *again.instrument.notes, *(() if tried is not None else (_UNCOUNTED,)))
    story = proven.story()
    return Told(
        reference=again.found.reference,
        story=dataclasses.replace(story, notes=(*notes, *story.notes)),
        result=proven,
        reproduced=again.reproduced,
        warnings=warnings,
    )


def _warning(again: Rerun) -> str:
    cause = f" Probable cause: {again.cause}." if again.cause else ""
    from augury.report.wording import sentence

    changes = " ".join(sentence(change.text) for change in again.changes if not change.harmless)
    return f"This is not what {again.found.reference} recorded.{cause} {changes}".strip()


def _search(again: Rerun, progress: Progress) -> SweepResult | None:
    """The search that the run was chosen from, made again."""
    grid = again.capsule.options.get("grid")
    if not grid:
        return None
    subject = again.result.subject
    return backtest.sweep(
        subject.strategy,
        {subject.symbol: again.instrument.bars},
        grid,
        again.result.spec,
        actions=again.instrument.actions,
        track=lambda items, total: progress.track(items, f"Searching, {again.found.reference}", total),
    )


def _distinct(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """The same with titles that tell the runs apart: by parameters, and by their reference where these do not."""
    if len(told) == 1:
        return told
    titles = []
    for one in told:
        named = labels_of(one.result.parameters)
        titles.append(one.story.title + (f", {named}" if named else ""))
    return tuple(
        dataclasses.replace(
            one,
            story=dataclasses.replace(
                one.story, title=title if titles.count(title) == 1 else f"{title} ({one.reference})"
            ),
        )
        for one, title in zip(told, titles, strict=True)
    )


register(
    Operation(
        name="report",
        summary="Run recorded runs again and write them, with their proof, as one self-contained page.",
        example="augury report run.json --output report.html",
        spec_type=ReportOptions,
        result="augury.operations.report:ReportResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
        local=RUNS_CODE,
    )
)
