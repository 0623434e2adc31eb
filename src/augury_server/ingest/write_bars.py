"""Arriving bars into a locked series: new ones added, restated ones replaced with their old values kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury.market.timeframe import Timeframe
from augury_server.database.bulk import insert_arrays
from augury_server.ingest.bar_history import REPLACING, put_into_history, stored_bars
from augury_server.ingest.bar_rows import KnownBars, insert_bars, never_before
from augury_server.ingest.changes import Changes, classify
from augury_server.ingest.gates import too_close
from augury_server.ingest.known import KnownRule
from augury_server.ingest.models import Bar, BarRevision, Instrument, Series
from augury_server.ingest.raw_series import RefusedRow

__all__ = ["Written", "lock_series", "write_bars"]

_CLASHES = "other values of this bar are known from the same moment; load it with a later known_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of the bars of one series.

    `new` ones were added (of these `late` ones open before the last bar stored until then), `restated` ones replaced,
    `backdated` ones put into the history, `equal` ones were stored already; `refused` ones contradict what is stored.
    `last_known_at_ns` is the latest time that something added became known.
    """

    new: int = 0
    late: int = 0
    restated: int = 0
    backdated: int = 0
    equal: int = 0
    refused: tuple[RefusedRow, ...] = ()
    last_known_at_ns: int | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was stored."""
        return bool(self.new or self.restated or self.backdated)


def lock_series(symbol: str, timeframe: Timeframe) -> Series:
    """The series of a symbol, made when there is none, locked against other writers until the transaction ends."""
    instrument, _ = Instrument.objects.get_or_create(symbol=symbol)
    series, _ = Series.objects.get_or_create(instrument=instrument, timeframe=str(timeframe))
    return Series.objects.select_for_update().get(pk=series.pk)


def write_bars(series: Series, timeframe: Timeframe, arrived: BarArrays, rule: KnownRule, moment: datetime) -> Written:
    """Store sound bars, in order of time, in a series that `lock_series` locked.

    Values that differ from the stored ones replace them; the old ones become a revision that ends where the new ones
    begin. What counts as known before the stored values goes into the history and leaves the present as it is.
    """
    if len(arrived) == 0:
        return Written()
    first, last = int(arrived.opened_at[0]), int(arrived.opened_at[-1])
    stored = stored_bars(series, first - timeframe.ns, last + timeframe.ns)
    near = too_close(arrived.opened_at, stored.bars.opened_at, timeframe)
    refused = _refused(arrived, near, "too_close", f"bars of {timeframe} open at least that far apart")
    came = KnownBars(arrived, rule.of(arrived.opened_at, timeframe))[~near]
    if rule.arriving:
        came = _after_stored(came, stored)
    changes = classify(came, stored, series.last_opened_at_ns)
    backdated, clashing, equal = put_into_history(series, came, changes.backdated)
    refused += _refused(came.bars, changes.contradicting | clashing, "contradicts_stored", _CLASHES)
    new = came[changes.new]
    if len(new):
        new = never_before(series, new)
        insert_bars(series, new)
    _replace(series, came, stored, changes)
    added = np.concatenate((new.known_at, came.known_at[changes.restated]))
    written = Written(
        new=len(new),
        late=int(changes.late.sum()),
        restated=int(changes.restated.sum()),
        backdated=backdated,
        equal=int(changes.equal.sum()) + equal,
        refused=refused,
        last_known_at_ns=int(added.max()) if added.size else None,
    )
    if written.changed:
        _count(series, new.bars.opened_at, moment)
    return written


def _refused(bars: BarArrays, rows: BoolVector, rule: str, reason: str) -> tuple[RefusedRow, ...]:
    return tuple(
        RefusedRow(
            rule=rule,
            reason=reason,
            opened_at_ns=int(bars.opened_at[at]),
            values=tuple(bars.matrix[:, at].tolist()),
            position=int(at),
        )
        for at in np.flatnonzero(rows)
    )


def _after_stored(came: KnownBars, stored: KnownBars) -> KnownBars:
    """What arrives is known after what it replaces, whatever the clock says."""
    where = np.flatnonzero(np.isin(came.bars.opened_at, stored.bars.opened_at, assume_unique=True))
    if not where.size:
        return came
    at = np.searchsorted(stored.bars.opened_at, came.bars.opened_at[where])
    differs = (stored.bars.matrix[:, at] != came.bars.matrix[:, where]).any(axis=0)
    known_at = came.known_at.copy()
    known_at[where] = np.maximum(known_at[where], stored.known_at[at] + differs)
    return KnownBars(came.bars, known_at)


def _replace(series: Series, came: KnownBars, stored: KnownBars, changes: Changes) -> None:
    """Keep the values that are replaced, then put the new ones in their place."""
    if not changes.restated.any():
        return
    fresh = came[changes.restated]
    at = np.searchsorted(stored.bars.opened_at, fresh.bars.opened_at)
    old = dict(zip(BAR_COLUMNS, stored.bars.matrix[:, at], strict=True))
    same = {"series": series.pk, "opened_at_ns": fresh.bars.opened_at}
    insert_arrays(BarRevision, {**same, **old, "known_at_ns": stored.known_at[at], "replaced_at_ns": fresh.known_at})
    values = dict(zip(BAR_COLUMNS, fresh.bars.matrix, strict=True))
    insert_arrays(Bar, {**same, **values, "known_at_ns": fresh.known_at}, on_conflict=REPLACING)


def _count(series: Series, added: IntVector, moment: datetime) -> None:
    """Bring the series' own row up to date."""
    if added.size:
        first, last = int(added[0]), int(added[-1])
        stored_first, stored_last = series.first_opened_at_ns, series.last_opened_at_ns
        series.first_opened_at_ns = first if stored_first is None else min(first, stored_first)
        series.last_opened_at_ns = last if stored_last is None else max(last, stored_last)
        series.bars += int(added.size)
    series.version += 1
    series.updated_at = moment
    series.save()
