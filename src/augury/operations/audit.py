"""The `audit` operation: judge a backtest that somebody else made with whatever tool."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from augury import audit as room
from augury import ledger as records
from augury import report as pages
from augury.errors import InvalidInput
from augury.operations.files import PAGES, check_output
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import LEDGER, LEDGER_IS_LOCAL, WRITTEN
from augury.operations.recording import ready_to_record
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.audit import Audit
    from augury.ledger import Ledger

__all__ = ["AuditOptions", "AuditResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions(Spec):
    """Options of the `audit` operation."""

    files: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Files of one backtest: trades, equity, statistics, a freqtrade result, an Optuna storage."
        ),
    ] = option(positional=True, path=True)
    tries: Annotated[
        int | None,
        msgspec.Meta(description="How many variants were tried before this one was shown, itself included."),
    ] = option(None)
    bars: Annotated[
        tuple[str, ...], msgspec.Meta(description="Bars it traded on, to check fills and delays; may be repeated.")
    ] = option((), short="-b", path=True)
    benchmark: Annotated[str | None, msgspec.Meta(description="Bars of what it should beat by being held.")] = option(
        None, path=True
    )
    report: Annotated[str | None, msgspec.Meta(description="Write one self-contained HTML page here.")] = option(
        None, short="-r", path=WRITTEN
    )
    cash: Annotated[
        float | None, msgspec.Meta(description="The account at the start, where the file does not state it.")
    ] = option(None)
    strategy: Annotated[
        str | None, msgspec.Meta(description="Which one, when the file holds several strategies, studies or columns.")
    ] = option(None)
    kind: Annotated[
        Literal["trades", "equity", "returns"] | None,
        msgspec.Meta(description="What a table holds, where its columns leave a doubt."),
    ] = option(None)
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    stamp: Annotated[
        Literal["open", "close"], msgspec.Meta(description="Whether bars are named by their open or their close.")
    ] = option("open")
    periods_per_year: Annotated[
        float | None, msgspec.Meta(description="Periods that make a year; counted from the times when left out.")
    ] = option(None)
    out_of_sample: Annotated[bool, msgspec.Meta(description="State that no choice was made on these data.")] = option(
        False
    )
    ledger: Annotated[
        str | None, msgspec.Meta(description="The ledger to write to and to count tries from; 'off' for none.")
    ] = option(None, path=LEDGER, local=LEDGER_IS_LOCAL)
    seed: Annotated[int, msgspec.Meta(description="Seed of the resampling.")] = option(0)

    def check(self) -> None:
        """Counts and amounts are positive, and a report is an .html file."""
        if self.tries is not None and self.tries < 1:
            raise InvalidInput(f"AuditOptions.tries = {self.tries}: Expected at least 1, the variant that is shown")
        for name in ("cash", "periods_per_year"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise InvalidInput(f"AuditOptions.{name} = {value}: Expected a number above 0")
        if self.report is not None and Path(self.report).suffix.lower() not in (".html", ".htm"):
            raise InvalidInput(f"AuditOptions.report = {self.report!r}: Expected a name ending in .html")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """The audit, the page that was written and the entry of the ledger; None where there is none."""

    audit: Audit
    report: str | None
    ledger: str | None
    entry: int | None

    @property
    def exit_code(self) -> int:
        """1 when the verdict is refuted."""
        return self.audit.exit_code

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {**self.audit.to_dict(), "report": self.report, "ledger": self.ledger, "ledger_entry": self.entry}


def _run(options: AuditOptions, progress: Progress) -> AuditResult:  # noqa: ARG001
    if options.report is not None:
        sources = [*options.files, *options.bars, *([options.benchmark] if options.benchmark else [])]
        check_output(options.report, made_from=sources, endings=PAGES)
    ready_to_record(options.ledger, (options.report,))
    path = records.ledger_path(options.ledger)
    ledger = None if path is None else records.Ledger(path)
    try:
        judged = _judged(options, ledger)
        page = None if options.report is None else str(pages.write_page(room.audit_story(judged), options.report))
        entry = None if ledger is None else room.record_audit(judged, ledger).sequence
    finally:
        if ledger is not None:
            ledger.close()
    return AuditResult(audit=judged, report=page, ledger=None if path is None else str(path), entry=entry)


def _judged(options: AuditOptions, ledger: Ledger | None) -> Audit:
    spec = room.AuditSpec(
        tries=options.tries,
        periods_per_year=options.periods_per_year,
        out_of_sample=True if options.out_of_sample else None,
        stamp=options.stamp,
        seed=options.seed,
    )
    reading = room.ClaimSpec(kind=options.kind, strategy=options.strategy, zone=options.zone, cash=options.cash)
    return room.audit_files(
        options.files, spec, reading=reading, bars=options.bars, benchmark=options.benchmark, ledger=ledger
    )


register(
    Operation(
        name="audit",
        summary="Judge a backtest of any tool: significance given the tries, costs, delays, fills that cannot be.",
        example="augury audit trades.csv equity.csv --tries 50 --bars AAPL.csv --report audit.html",
        spec_type=AuditOptions,
        result="augury.operations.audit:AuditResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
