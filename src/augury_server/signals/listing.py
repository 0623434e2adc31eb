"""Stored signals, as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from augury_server.signals.models import Outcome, SignalRun, StoredSignal

__all__ = ["SignalFilter", "latest_signals", "outcomes_of", "runs", "signals", "signals_after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """Which signals; empty and None mean all. Times are bar closes in [start_ns, end_ns).

    `known_by_ns` leaves out what was known later. Revisions are left out unless asked for.
    """

    universe: str = ""
    ticker: str = ""
    signal_type: str = ""
    rule: str = ""
    start_ns: int | None = None
    end_ns: int | None = None
    known_by_ns: int | None = None
    revisions: bool = False


def signals(chosen: SignalFilter) -> QuerySet[StoredSignal]:
    """Signals, newest bar first."""
    wanted = {
        "universe": chosen.universe or None,
        "ticker": chosen.ticker or None,
        "signal_type": chosen.signal_type or None,
        "rule_code": chosen.rule or None,
        "timestamp_ns__gte": chosen.start_ns,
        "timestamp_ns__lt": chosen.end_ns,
        "known_at_ns__lte": chosen.known_by_ns,
        "revision": None if chosen.revisions else 0,
    }
    rows = StoredSignal.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return rows.order_by("-timestamp_ns", "id")


def signals_after(chosen: SignalFilter, timestamp_ns: int, key: UUID) -> QuerySet[StoredSignal]:
    """Those of `signals` that come after the one of this time and id in the list."""
    rows = signals(chosen).filter(timestamp_ns__lte=timestamp_ns)
    return rows.exclude(timestamp_ns=timestamp_ns, id__lte=key)


def latest_signals(universe: str, timeframe: str) -> list[StoredSignal]:
    """The signal at the newest bar of each ticker of a universe, on its newest data, by ticker.

    One walk along an index from ticker to ticker, whatever the number of signals, and one query for the rows.
    """
    table = connection.ops.quote_name(StoredSignal._meta.db_table)
    here = "universe = %s AND timeframe = %s"
    # values are parameters; only the name of our own table is put into the text
    statement = (
        f"WITH RECURSIVE walk(ticker) AS (SELECT min(ticker) FROM {table} WHERE {here} "  # noqa: S608
        f"UNION ALL SELECT (SELECT min(ticker) FROM {table} WHERE {here} AND ticker > walk.ticker) "
        f"FROM walk WHERE walk.ticker IS NOT NULL) "
        f"SELECT (SELECT id FROM {table} WHERE {here} AND ticker = walk.ticker "
        f"ORDER BY timestamp_ns DESC, known_at_ns DESC, created_at DESC LIMIT 1) FROM walk WHERE ticker IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [universe, timeframe] * 3)
        ids = [row[0] for row in cursor.fetchall()]
    return sorted(_with_ids(ids), key=lambda row: row.ticker)


def outcomes_of(signal: StoredSignal) -> QuerySet[Outcome]:
    """What came of a signal, the shortest horizon first."""
    return Outcome.objects.filter(signal=signal).order_by("horizon_bars")


def runs(universe: str = "") -> QuerySet[SignalRun]:
    """Runs, newest first; of one universe when it is named."""
    rows = SignalRun.objects.filter(universe=universe) if universe else SignalRun.objects.all()
    return rows.order_by("-started_at")


def _with_ids(ids: Sequence[object]) -> list[StoredSignal]:
    """The rows with these keys; few enough at a time for any engine."""
    found: list[StoredSignal] = []
    for start in range(0, len(ids), 10_000):
        found += StoredSignal.objects.filter(id__in=list(ids[start : start + 10_000]))
    return found
