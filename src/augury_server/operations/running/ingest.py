"""What the verbs of ingest do."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from augury.errors import AuguryError, InvalidInput, NotFound
from augury.operations.operation import Progress
from augury_server.accounts.actor import current_actor
from augury_server.database.explaining import explained
from augury_server.ingest.dead_letters import dead_letters, dismiss_dead_letter
from augury_server.ingest.load_bars import LoadSpec, load_bars
from augury_server.ingest.load_news import NewsSpec, load_news
from augury_server.ingest.models import DeadLetter
from augury_server.ingest.readers import parsed_options, reader_of
from augury_server.ingest.replay import Replay, replay_dead_letter
from augury_server.ingest.status import ingest_status
from augury_server.operations.ingest import (
    BarsOptions,
    DismissOptions,
    LettersOptions,
    NewsOptions,
    ReplayOptions,
    StatusOptions,
)
from augury_server.operations.table import Table, brief
from augury_server.settings.current import current_settings

__all__ = ["dismiss_letters", "ingest_bars", "ingest_news", "list_dead_letters", "replay_letters", "show_status"]


def ingest_bars(spec: BarsOptions, progress: Progress) -> Table:
    """Load bars; exit code 1 when a symbol was refused or failed."""
    reader = reader_of(
        spec.source or current_settings().ingest.source,
        files=spec.files,
        zone=spec.zone,
        stamp=spec.stamp,
        options=parsed_options(spec.source_option),
    )
    loading = LoadSpec(start=spec.start, end=spec.end, known_at=spec.known_at, minimum_quality=spec.minimum_quality)
    loaded = load_bars(reader, spec.symbols or None, spec.timeframe, spec=loading, progress=progress)
    bad = loaded.of("refused", "failed")
    letters = loaded.total("refused")
    notes = []
    if letters or loaded.of("refused"):
        notes.append("What was refused is kept: `augury ingest dead-letters` lists it.")
    if not loaded.symbols:
        notes.append("The source held no symbols to load.")
    return Table(
        title=f"Bars of {loaded.timeframe} from {loaded.source}",
        columns=("symbol", "state", "new", "late", "restated", "equal", "refused", "score", "reason"),
        rows=tuple(
            (
                one.symbol, one.state, one.new, one.late, one.restated + one.backdated, one.equal, one.refused,
                one.score, brief(one.reason),
            )
            for one in loaded.symbols
        ),
        facts={
            "symbols": len(loaded.symbols), "new": loaded.total("new"), "restated": loaded.total("restated"),
            "refused_rows": letters, "not_loaded": len(bad),
        },
        notes=tuple(notes),
        exit_code=1 if bad else 0,
    )  # fmt: skip


def ingest_news(spec: NewsOptions, progress: Progress) -> Table:
    """Load news files; of several, one that fails does not stop the others.

    Exit code 1 when a file failed or every piece was refused.
    """
    reading = NewsSpec(zone=spec.zone, latency=spec.latency, known=spec.known, model=spec.model)
    rows: list[tuple[Any, ...]] = []
    failed = 0
    for path in progress.track(spec.files, "Loading", len(spec.files)):
        try:
            one = load_news(path, feed=spec.feed, spec=reading)
        except (InvalidInput, NotFound) as problem:
            if len(spec.files) == 1:
                raise
            failed += 1
            rows.append((path, 0, 0, 0, 0, 0, 0, brief(str(problem))))
            continue
        rows.append((path, one.read, one.new, one.late, one.scored, one.equal, one.refused, ""))
    refused = sum(row[6] for row in rows)
    nothing_kept = bool(refused) and refused == sum(row[1] for row in rows)
    return Table(
        title="News",
        columns=("file", "read", "new", "late", "scored", "equal", "refused", "reason"),
        rows=tuple(rows),
        facts={"new": sum(row[2] for row in rows), "refused": refused, "not_loaded": failed},
        notes=("What was refused is kept: `augury ingest dead-letters` lists it.",) if refused else (),
        exit_code=1 if failed or nothing_kept else 0,
    )


def show_status(spec: StatusOptions, progress: Progress) -> Table:
    """Watermarks with their lag, and totals."""
    del progress
    status = ingest_status(source=spec.source, limit=spec.limit)
    letters = {f"open letters: {rule}": count for rule, count in status.open_letters.items()}
    return Table(
        title="Ingest",
        columns=("source", "kind", "subject", "timeframe", "last", "lag_hours", "rows", "updated_at"),
        rows=tuple(
            (
                mark.source, mark.kind, mark.subject, mark.timeframe, mark.last, mark.lag_hours, mark.rows,
                mark.updated_at.isoformat(timespec="seconds"),
            )
            for mark in status.marks
        ),
        facts={"series": status.series, "bars": status.bars, "news": status.news, **letters},
        notes=(f"{status.more} more are further ahead; --limit shows them.",) if status.more else (),
    )  # fmt: skip


def list_dead_letters(spec: LettersOptions, progress: Progress) -> Table:
    """Dead letters, or one of them in full."""
    del progress
    if spec.number is not None:
        return _letter(spec.number)
    found = dead_letters(state=None if spec.state == "all" else spec.state, subject=spec.subject, kind=spec.kind)
    with explained("list dead letters"):
        rows = list(found[: spec.limit])
    return Table(
        title="Dead letters",
        columns=("number", "state", "kind", "subject", "rule", "seen", "last_seen", "reason"),
        rows=tuple(
            (
                row.pk, row.state, row.kind, row.subject, row.rule, row.times_seen,
                row.last_seen_at.isoformat(timespec="seconds"), brief(row.reason),
            )
            for row in rows
        ),
    )  # fmt: skip


def _letter(number: int) -> Table:
    with explained("read a dead letter"):
        row = DeadLetter.objects.filter(pk=number).first()
    if row is None:
        raise NotFound(f"no dead letter has the number {number}; list them with `augury ingest dead-letters`")
    names = (
        "state", "source", "kind", "subject", "timeframe", "rule", "reason", "times_seen", "first_seen_at",
        "last_seen_at", "resolved_at", "resolved_by", "resolution",
    )  # fmt: skip
    facts = {name: getattr(row, name) for name in names}
    facts |= {name: value.isoformat() for name, value in facts.items() if hasattr(value, "isoformat")}
    return Table(
        title=f"Dead letter {number}",
        facts=facts,
        columns=("field", "value"),
        rows=tuple(
            (name, value if isinstance(value, str) else json.dumps(value)) for name, value in row.payload.items()
        ),
    )


def replay_letters(spec: ReplayOptions, progress: Progress) -> Table:
    """Try letters again; exit code 1 when one of several is refused still."""
    mended = _mended(spec.mend)
    replay = Replay(mended=mended, minimum_quality=spec.minimum_quality, reason=spec.reason)
    rows: list[tuple[Any, ...]] = []
    failed = 0
    for number in progress.track(spec.numbers, "Replaying", len(spec.numbers)):
        try:
            done = replay_dead_letter(number, by=current_actor(), replay=replay)
        except AuguryError as problem:
            if len(spec.numbers) == 1:
                raise
            failed += 1
            rows.append((number, "", "refused", str(problem)))
            continue
        rows.append((number, done.subject, "replayed", done.stored))
    return Table(
        title="Replayed", columns=("number", "subject", "state", "what"), rows=tuple(rows), exit_code=1 if failed else 0
    )


def _mended(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f'expected JSON such as {{"high": 101.5}}, got {text!r:.80}: {error}') from error
    if not isinstance(values, dict):
        raise InvalidInput(f'expected a JSON object such as {{"high": 101.5}}, got {text!r:.80}')
    return values


def dismiss_letters(spec: DismissOptions, progress: Progress) -> Table:
    """Close letters, all of them or none."""
    del progress
    with explained("dismiss dead letters"), transaction.atomic():
        done = [dismiss_dead_letter(number, by=current_actor(), reason=spec.reason) for number in spec.numbers]
    return Table(
        title="Dismissed",
        columns=("number", "subject", "rule"),
        rows=tuple((row.pk, row.subject, row.rule) for row in done),
    )
