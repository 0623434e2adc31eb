"""The `ledger` operation: what was tried in this project, whether the record is whole, and what an entry means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from augury import ledger as records
from augury import market
from augury.errors import InvalidInput, NotFound
from augury.operations.capsules import existing_ledger
from augury.operations.files import check_output
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import LEDGER, LEDGER_IS_LOCAL, WRITTEN
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.ledger import Explanation, Ledger, LedgerCheck, Recorded, Tries

__all__ = ["LedgerOptions", "LedgerResult"]

_ENDINGS = (".jsonl", ".csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions(Spec):
    """Options of the `ledger` operation."""

    action: Annotated[
        Literal["list", "verify", "explain", "export"],
        msgspec.Meta(
            description="list: what was tried; verify: is it whole and unchanged; explain ENTRY: what it is and what "
            "changed since the last one like it; export: to a file."
        ),
    ] = option("list", positional=True)
    entry: Annotated[
        str | None, msgspec.Meta(description="explain: the entry's number, or 4 or more digits of its hash.")
    ] = option(None, positional=True)
    ledger: Annotated[
        str | None,
        msgspec.Meta(description="File of the ledger; $AUGURY_LEDGER or augury-ledger.sqlite when left out."),
    ] = option(None, path=LEDGER, local=LEDGER_IS_LOCAL)
    kind: Annotated[
        str | None, msgspec.Meta(description="Only entries of this kind: backtest, validate, compare, audit, ...")
    ] = option(None)
    strategy: Annotated[str | None, msgspec.Meta(description="Only entries of this strategy.")] = option(None)
    symbol: Annotated[str | None, msgspec.Meta(description="Only entries on this symbol.")] = option(None)
    since: Annotated[
        str | None, msgspec.Meta(description="Only entries written since this day or moment (UTC): 2025-01-31.")
    ] = option(None)
    limit: Annotated[int, msgspec.Meta(ge=0, description="list: at most so many, the newest; 0 for all.")] = option(20)
    anchor: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="verify: an anchor that was kept elsewhere; it must still be met. Repeat for several."
        ),
    ] = option(())
    output: Annotated[str | None, msgspec.Meta(description="export: the file to write, .jsonl or .csv.")] = option(
        None, short="-o", path=WRITTEN
    )

    def check(self) -> None:
        """Each action takes only what it uses."""
        if (self.entry is not None) != (self.action == "explain"):
            wanted = "the number of an entry, such as augury ledger explain 3" if self.entry is None else "no entry"
            raise InvalidInput(f"{self.action} takes {wanted}")
        if (self.output is not None) != (self.action == "export"):
            wanted = "--output FILE.jsonl or FILE.csv" if self.output is None else "no --output; export does"
            raise InvalidInput(f"{self.action} takes {wanted}")
        if self.anchor and self.action != "verify":
            raise InvalidInput(f"{self.action} takes no --anchor; verify does")

    def wanted(self) -> records.EntryFilter:
        """The filter that these options say, without the limit."""
        return records.EntryFilter(
            kind=self.kind,
            subject=self.strategy,
            symbol=self.symbol,
            written_since=None if self.since is None else _moment(self.since),
        )


def _moment(text: str) -> int:
    try:
        return market.instant(text if "T" in text else f"{text}T00:00:00+00:00", what="--since")
    except InvalidInput as error:
        raise InvalidInput(f"expected a day or a moment for --since, such as 2025-01-31; got {text!r}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerResult:
    """What the action found; the fields of other actions are None.

    `entries` newest first, `count` of all that pass the filters, `tries` on the data of all of these (repeats and
    overlaps counted as `Ledger.tries` does).
    """

    action: str
    path: str
    exists: bool = True
    entries: tuple[Recorded, ...] = ()
    count: int = 0
    tries: Tries | None = None
    check: LedgerCheck | None = None
    explanation: Explanation | None = None
    written: str | None = None

    @property
    def exit_code(self) -> int:
        """1 when the ledger is not what was written."""
        return 1 if self.check is not None and not self.check.ok else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        found: dict[str, Any] = {"action": self.action, "ledger": self.path, "exists": self.exists}
        if self.action == "list":
            found["count"] = self.count
            found["entries"] = [_slim(entry) for entry in self.entries]
            found["tries"] = None if self.tries is None else _counts(self.tries)
        if self.check is not None:
            found["check"] = self.check.to_dict()
        if self.explanation is not None:
            found["explanation"] = _told(self.explanation)
        if self.written is not None:
            found |= {"written": self.written, "count": self.count}
        return found


def _slim(entry: Recorded) -> dict[str, Any]:
    """An entry without its capsule, of which the id is enough."""
    values = entry.to_dict()
    return values | {"capsule": None if entry.capsule is None else entry.capsule.get("id")}


def _counts(tries: Tries) -> dict[str, Any]:
    return {name: value for name, value in tries.to_dict().items() if name != "data"}


def _told(found: Explanation) -> dict[str, Any]:
    return {
        "entry": _slim(found.entry),
        "facts": list(found.facts),
        "before": found.before.to_dict(),
        "previous": None if found.previous is None else found.previous.sequence,
        "changes": [{"what": one.what, "before": one.before, "now": one.now} for one in found.changes],
        "identical": found.identical,
        "same_figures": found.same_figures,
    }


def _run(options: LedgerOptions, progress: Progress) -> LedgerResult:  # noqa: ARG001
    path = existing_ledger(options.ledger)
    if options.output is not None:
        check_output(options.output, made_from=[path], endings=_ENDINGS)
    with records.Ledger(path) as book:
        if options.action == "verify":
            return LedgerResult(action="verify", path=str(path), check=book.verify(*options.anchor))
        if options.action == "explain":
            explanation = book.explain(str(options.entry).removeprefix("#"))
            return LedgerResult(action="explain", path=str(path), explanation=explanation)
        if options.output is not None:
            return _export(book, options, Path(options.output))
        return _list(book, options)


def _export(book: Ledger, options: LedgerOptions, output: Path) -> LedgerResult:
    write = records.export_csv if output.suffix.lower() == ".csv" else records.export_json_lines
    count = write(book, output, options.wanted())
    return LedgerResult(action="export", path=str(book.path), written=str(output), count=count)


def _list(book: Ledger, options: LedgerOptions) -> LedgerResult:
    try:
        found = book.entries(options.wanted())
    except NotFound:
        from augury.ledger.agreement import refuse_lost_file

        refuse_lost_file(book.path)
        return LedgerResult(action="list", path=str(book.path), exists=False)
    newest = tuple(reversed(found))
    series = dict.fromkeys(one for entry in found for one in entry.data.series)
    kinds = {entry.kind for entry in book.entries()} - {options.kind} if options.kind is not None else set()
    tries = book.tries(records.DataKey(series=tuple(series)), family=options.strategy, excluding=tuple(sorted(kinds)))
    return LedgerResult(
        action="list",
        path=str(book.path),
        entries=newest[: options.limit] if options.limit else newest,
        count=len(found),
        tries=tries,
    )


register(
    Operation(
        name="ledger",
        summary="What was tried in this project: list it, verify that nothing was changed, explain an entry, export.",
        example="augury ledger explain 3",
        spec_type=LedgerOptions,
        result="augury.operations.ledger:LedgerResult",
        run=_run,
        changes_state=True,
    )
)
