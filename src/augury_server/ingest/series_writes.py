"""The two ways in which a locked series changes by hand: bars appended at its ends, a range replaced."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db.models import Count, Max, Min

from augury.market.store_overlap import match_bars, refuse_overlap
from augury_server.ingest.bar_rows import KnownBars, insert_bars, never_before, read_rows, retire
from augury_server.ingest.models import Bar, Series
from augury_server.ingest.series_name import NO_BARS, SeriesName

__all__ = ["append_rows", "replace_rows"]


def append_rows(series: Series, name: SeriesName, came: KnownBars, moment: datetime) -> int:
    """Add the bars before the first and after the last stored one; how many. Conflict unless the others are equal."""
    fresh = came
    if series.first_opened_at_ns is not None and series.last_opened_at_ns is not None:
        opened_at = came.bars.opened_at
        inside = (opened_at >= series.first_opened_at_ns) & (opened_at <= series.last_opened_at_ns)
        if inside.any():
            again = came[inside].bars
            rows = read_rows([series.pk], int(again.opened_at[0]), int(again.opened_at[-1]) + 1)
            refuse_overlap(name, again, rows[series.pk].bars if rows else NO_BARS)
            fresh = came[~inside]
    if len(fresh) == 0:
        return 0
    insert_bars(series, never_before(series, fresh))
    first, last = int(fresh.bars.opened_at[0]), int(fresh.bars.opened_at[-1])
    if series.first_opened_at_ns is not None and series.last_opened_at_ns is not None:
        first, last = min(first, series.first_opened_at_ns), max(last, series.last_opened_at_ns)
    series.first_opened_at_ns, series.last_opened_at_ns = first, last
    series.bars += len(fresh)
    _publish(series, moment)
    return len(fresh)


def replace_rows(series: Series, came: KnownBars, window: tuple[int, int], *, gone_at: int, moment: datetime) -> None:
    """Put bars in the place of all that open in the window [start, end); what goes without a successor goes `gone_at`.

    Nothing that was known before a bar's old values were changes: its new ones are known no earlier than they.
    """
    stored = read_rows([series.pk], *window).get(series.pk) or KnownBars(NO_BARS, NO_BARS.opened_at)
    at, present, equal = match_bars(came.bars, stored.bars)
    changed = present & ~equal
    known_at = came.known_at.copy()
    known_at[changed] = np.maximum(known_at[changed], stored.known_at[at[changed]])
    until = np.maximum(stored.known_at, gone_at)
    until[at[changed]] = known_at[changed]
    stays = np.zeros(len(stored), dtype=np.bool_)
    stays[at[equal]] = True
    if not stays.all():
        retire(series, stored[~stays], until[~stays])
    fresh = KnownBars(came.bars, known_at)[~equal]
    if len(fresh):
        insert_bars(series, never_before(series, fresh))
    counted = Bar.objects.filter(series=series).aggregate(
        bars=Count("pk"), first=Min("opened_at_ns"), last=Max("opened_at_ns")
    )
    series.bars, series.first_opened_at_ns, series.last_opened_at_ns = (
        counted["bars"], counted["first"], counted["last"],
    )  # fmt: skip
    _publish(series, moment)


def _publish(series: Series, moment: datetime) -> None:
    series.version += 1
    series.updated_at = moment
    series.save()
