"""The two ways in which a locked series changes by hand: bars appended at its ends, a range replaced."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db.models import Count, Max, Min

from augury.arrays import BoolVector, IntVector
from augury.errors import Conflict
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury.market.times import iso
from augury_server.ingest.bar_rows import KnownBars, insert_bars, never_before, read_rows, retire
from augury_server.ingest.models import Bar, Series
from augury_server.ingest.series_name import NO_BARS, SeriesName

__all__ = ["append_rows", "replace_rows"]

_SHOWN = 3


def append_rows(series: Series, name: SeriesName, came: KnownBars, moment: datetime) -> int:
    """Add the bars before the first and after the last stored one; how many. Conflict unless the others are equal."""
    fresh = came
    if series.first_opened_at_ns is not None and series.last_opened_at_ns is not None:
        opened_at = came.bars.opened_at
        inside = (opened_at >= series.first_opened_at_ns) & (opened_at <= series.last_opened_at_ns)
        if inside.any():
            _refuse_overlap(series, name, came[inside].bars)
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
    at, present, equal = _matched(came.bars, stored.bars)
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


def _matched(came: BarArrays, stored: BarArrays) -> tuple[IntVector, BoolVector, BoolVector]:
    """For each bar that came: its place among those stored, whether it is there, and whether it is equal."""
    if len(stored) == 0:
        nothing = np.zeros(len(came), dtype=np.bool_)
        return np.zeros(len(came), dtype=np.int64), nothing, nothing
    at = np.minimum(np.searchsorted(stored.opened_at, came.opened_at), len(stored) - 1)
    present = stored.opened_at[at] == came.opened_at
    return at, present, present & (came.matrix == stored.matrix[:, at]).all(axis=0)


def _refuse_overlap(series: Series, name: SeriesName, came: BarArrays) -> None:
    rows = read_rows([series.pk], int(came.opened_at[0]), int(came.opened_at[-1]) + 1)
    stored = rows[series.pk].bars if rows else NO_BARS
    at, present, equal = _matched(came, stored)
    advice = "nothing was appended; to rewrite stored bars use replace_range"
    differing = np.flatnonzero(present & ~equal)
    if len(differing):
        told = []
        for row in differing[:_SHOWN]:
            have, new = stored.matrix[:, at[row]], came.matrix[:, row]
            column = int(np.argmax(have != new))
            when = iso(int(came.opened_at[row]))
            told.append(f"{when} {BAR_COLUMNS[column]} is {have[column]!s}, came {new[column]!s}")
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        raise Conflict(f"{name}: {len(differing)} bars differ from those stored: {'; '.join(told)}{more}; {advice}")
    if not present.all():
        times = came.opened_at[~present]
        raise Conflict(
            f"{name}: {len(times)} bars lie between stored ones ({iso(int(times[0]))} to {iso(int(times[-1]))}); "
            f"{advice}"
        )
