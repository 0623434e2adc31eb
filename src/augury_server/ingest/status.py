"""How far ingest has come: what each source has given, how far it lags, what is waiting among the dead letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from django.db.models import Count, Sum
from django.utils import timezone

from augury.market.timeframe import Timeframe
from augury.market.times import iso
from augury_server.database.explaining import explained
from augury_server.ingest.models import DeadLetter, News, Series, Watermark

__all__ = ["IngestStatus", "SourceStatus", "ingest_status"]

_HOUR_NS = 3_600 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One watermark: the last record (bars: its close), how long ago that is, and how many rows are stored."""

    source: str
    kind: str
    subject: str
    timeframe: str
    last: str
    lag_hours: float
    rows: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestStatus:
    """Totals, and watermarks with the furthest behind first."""

    series: int
    bars: int
    news: int
    open_letters: dict[str, int]
    marks: tuple[SourceStatus, ...]
    more: int


def ingest_status(
    *, source: str | None = None, limit: int = 50, now: Callable[[], datetime] = timezone.now
) -> IngestStatus:
    """What is stored and how current it is; at most `limit` watermarks, of one source when given."""
    now_ns = int(pd.Timestamp(now()).as_unit("ns").value)
    with explained("read the state of ingest"):
        every = Watermark.objects.order_by("last_opened_at_ns", "source", "subject")
        chosen = every if source is None else every.filter(source=source)
        rows = list(chosen[:limit])
        more = max(chosen.count() - len(rows), 0)
        symbols = {row.subject for row in rows if row.kind == "bars"}
        held = Series.objects.filter(instrument__symbol__in=symbols).values_list(
            "instrument__symbol", "timeframe", "bars"
        )
        bars = {(symbol, timeframe): count for symbol, timeframe, count in held}
        totals = Series.objects.filter(bars__gt=0).aggregate(series=Count("id"), bars=Sum("bars"))
        waiting = DeadLetter.objects.filter(state="open").values_list("rule").annotate(Count("id")).order_by("rule")
        return IngestStatus(
            series=totals["series"],
            bars=totals["bars"] or 0,
            news=News.objects.count(),
            open_letters=dict(waiting),
            marks=tuple(_status(row, bars.get((row.subject, row.timeframe)), now_ns) for row in rows),
            more=more,
        )


def _status(row: Watermark, rows: int | None, now_ns: int) -> SourceStatus:
    length = Timeframe.of(row.timeframe).ns if row.timeframe else 0
    last = (row.last_opened_at_ns or 0) + length
    return SourceStatus(
        source=row.source,
        kind=row.kind,
        subject=row.subject,
        timeframe=row.timeframe,
        last=iso(last),
        lag_hours=(now_ns - last) / _HOUR_NS,
        rows=rows,
        updated_at=row.updated_at,
    )
