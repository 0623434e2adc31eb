"""Signals into the database, once each, with the outcomes that they wait for."""

from __future__ import annotations

import uuid
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from augury.market.timeframe import Timeframe
from augury_server.database.bulk import insert_rows
from augury_server.signals.measuring import earliest_maturity
from augury_server.signals.models import Outcome, StoredSignal
from augury_server.signals.rows import SIGNAL_COLUMNS, Identity, NewSignal, signal_row

__all__ = ["Stored", "store_signals"]

_OUTCOME_COLUMNS = ("signal_id", "horizon_bars", "state", "matures_at_ns", "reason")
_ASKED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How many signals were new, how many of these are revisions of earlier ones, and how many were there already."""

    new: int
    revisions: int
    known: int


def store_signals(
    signals: Sequence[NewSignal], *, run_id: uuid.UUID | None, horizons: Sequence[int], created_at: datetime
) -> Stored:
    """Store signals of one universe and timeframe in one transaction; what is stored already is left as it is.

    A signal is the same when all that it was made from is the same. Made from other data (a bar was mended), it becomes
    the next revision of the one that was issued first, which stays. Outcomes are awaited of what was issued first only:
    nobody could act on a revision in its time. Three queries whatever the number, up to 10,000. Several processes may
    store the same signals at once.
    """
    new = revisions = known = 0
    for start in range(0, len(signals), _ASKED_AT_ONCE):
        some = _store_some(signals[start : start + _ASKED_AT_ONCE], run_id, horizons, created_at)
        new, revisions, known = new + some.new, revisions + some.revisions, known + some.known
    return Stored(new=new, revisions=revisions, known=known)


def _store_some(
    signals: Sequence[NewSignal], run_id: uuid.UUID | None, horizons: Sequence[int], created_at: datetime
) -> Stored:
    with transaction.atomic():
        _wait_for_other_writers(signals[0].universe)
        known = _known_versions(signals)
        counts = Counter(identity for identity, _ in known)
        rows: list[tuple[Any, ...]] = []
        awaited: list[tuple[Any, ...]] = []
        revisions = 0
        for new in signals:
            identity, data_id = new.identity, new.data_id
            if (identity, data_id) in known:
                continue
            known.add((identity, data_id))
            revision = counts[identity]
            counts[identity] += 1
            rows.append(signal_row(new, data_id=data_id, run_id=run_id, revision=revision, created_at=created_at))
            if revision > 0:
                revisions += 1
            else:
                awaited += _pending(rows[-1][0], new, horizons)
        insert_rows(StoredSignal, SIGNAL_COLUMNS, rows)
        insert_rows(Outcome, _OUTCOME_COLUMNS, awaited)
    return Stored(new=len(rows), revisions=revisions, known=len(signals) - len(rows))


def _known_versions(signals: Sequence[NewSignal]) -> set[tuple[Identity, str]]:
    """What is stored about the bars of these signals: identities with fingerprints of their data."""
    first = signals[0]
    times = [new.signal.timestamp_ns for new in signals]
    rows = StoredSignal.objects.filter(
        universe=first.universe,
        timeframe=first.timeframe,
        ticker__in=sorted({new.signal.ticker for new in signals}),
        timestamp_ns__gte=min(times),
        timestamp_ns__lte=max(times),
    ).values_list("ticker", "timestamp_ns", "spec_id", "model_id", "data_id")
    found = set()
    for ticker, timestamp_ns, spec_id, model_id, data_id in rows.order_by().iterator(chunk_size=10_000):
        identity = Identity(
            universe=first.universe,
            timeframe=first.timeframe,
            ticker=ticker,
            timestamp_ns=timestamp_ns,
            spec_id=spec_id,
            model_id=model_id,
        )
        found.add((identity, data_id))
    return found


def _pending(signal_id: uuid.UUID, new: NewSignal, horizons: Sequence[int]) -> list[tuple[Any, ...]]:
    timeframe = Timeframe.of(new.timeframe)
    closed = new.signal.timestamp_ns
    return [
        (signal_id, bars, Outcome.State.PENDING.value, earliest_maturity(closed, bars, timeframe), "")
        for bars in horizons
    ]


def _wait_for_other_writers(universe: str) -> None:
    """Let one process at a time number revisions of a universe; on SQLite a transaction has the database to itself."""
    if connection.vendor == "postgresql":
        key = zlib.crc32(f"augury signals {universe}".encode())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
