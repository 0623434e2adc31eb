"""Bars kept in the database, with the surface of the library's store and the time at which each value was known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.db.models import Q

from augury.errors import InvalidInput, NotFound, Unavailable, nearest
from augury.market import StoredSeries, Timeframe, bars_frame, instant, iso
from augury.market.bars import BarArrays, time_index
from augury.market.times import Moment
from augury_server.database.explaining import database_name, explained
from augury_server.ingest.bar_rows import read_rows
from augury_server.ingest.models import Bar, BarRevision, Instrument, Series
from augury_server.ingest.series_name import NO_BARS, KnownAt, SeriesName
from augury_server.ingest.series_writes import append_rows, replace_rows

__all__ = ["DatabaseBars"]

_ROWS_AT_ONCE = 4_000_000
_VALUE_BYTES = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseBars:
    """Bars of many symbols and timeframes in the platform's database: what `BarStore` does, and point in time.

    Each write is one transaction: readers see the state before or after it. Writers of one series wait for one another.
    Times are kept to the nanosecond and prices bit for bit (SQLite keeps a volume of minus zero as zero). `clock` gives
    the present, ns UTC.

    `known_at` of a write says when the bars became known; whatever is said, no bar is known before its close. A value
    that is replaced or removed is kept, and `read(..., known_by=moment)` shows what was known at a moment: no later
    write changes that answer, but for `delete`, which forgets.

    Errors: NotFound for what is not stored, Conflict for an append that contradicts stored bars, Unavailable when the
    database is away, full or locked too long, Misconfigured when it cannot be used.
    """

    clock: Callable[[], int] = time.time_ns

    def append(self, symbol: str, timeframe: str | Timeframe, bars: Any, *, known_at: KnownAt | None = None) -> int:
        """Add bars after the last or before the first stored one; returns how many were new.

        `bars` is whatever `validate_bars` takes; they became known at `known_at`, each at its close when that is None.
        Bars that are stored already are passed over when they are equal in every bit; Conflict, naming rows, when they
        differ or lie between stored ones, and then nothing is appended.
        """
        name = SeriesName.of(symbol, timeframe)
        came = name.known(name.arrays(bars), known_at)
        with _locked(name, "append") as series:
            return append_rows(series, name, came, self._moment())

    def replace_range(
        self,
        symbol: str,
        timeframe: str | Timeframe,
        bars: Any,
        start: Moment,
        end: Moment,
        *,
        known_at: KnownAt | None = None,
    ) -> None:
        """Put `bars` in the place of all that open in [start, end), in one step; None or no rows removes them.

        New and changed bars became known at `known_at`, now when that is None; bars equal to stored ones keep the time
        they have. What goes without a successor ceases to hold now. Raises InvalidInput when start is not before end or
        a bar lies outside, and then nothing changes.
        """
        name = SeriesName.of(symbol, timeframe)
        first, stop = instant(start, what="start"), instant(end, what="end")
        if first >= stop:
            raise InvalidInput(f"start should be before end, got {iso(first)} and {iso(stop)}")
        now = self.clock()
        came = name.known(name.arrays_within(bars, first, stop), now if known_at is None else known_at)
        with _locked(name, "replace", create=len(came) > 0) as series:
            replace_rows(series, came, (first, stop), gone_at=now, moment=self._moment())

    def read(
        self,
        symbol: str,
        timeframe: str | Timeframe,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        known_by: Moment | None = None,
    ) -> pd.DataFrame:
        """Bars that open in [start, end), keeping the Bars contract; a frame without rows when there are none.

        With `known_by`, only bars known by then, with the values known then. All rows come from one version of the
        series. Raises NotFound when no bars of that symbol and timeframe are stored, or ever were with `known_by`.
        """
        return self.read_many([symbol], timeframe, start, end, known_by=known_by)[symbol]

    def read_many(
        self,
        symbols: Iterable[str],
        timeframe: str | Timeframe,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        known_by: Moment | None = None,
    ) -> dict[str, pd.DataFrame]:
        """`read` for each symbol, in the order given; NotFound names the first symbol that is not stored."""
        if isinstance(symbols, str):
            raise InvalidInput(f"expected several symbols, got the text {symbols!r}; write [{symbols!r}]")
        names = [SeriesName.of(symbol, timeframe) for symbol in symbols]
        first = None if start is None else instant(start, what="start")
        stop = None if end is None else instant(end, what="end")
        known = None if known_by is None else instant(known_by, what="known_by")
        with explained("read bars"):
            stored = _stored(names, removed=known is not None)
            found: dict[int, BarArrays] = {}
            for batch in _batches(stored.values()):
                found |= {key: rows.bars for key, rows in read_rows(batch, first, stop, known).items()}
            absent = [name for name in names if stored[name.symbol][0] not in found]
            _stored(absent, removed=known is not None)  # a series that was deleted meanwhile has no rows either
        frames = {}
        for name in names:
            bars = found.get(stored[name.symbol][0], NO_BARS)
            frames[name.symbol] = bars_frame(bars.opened_at, bars.matrix)
        return frames

    def symbols(self, timeframe: str | Timeframe | None = None) -> list[str]:
        """Symbols with stored bars, sorted; of one timeframe only when it is given."""
        wanted = Q(bars__gt=0) if timeframe is None else Q(bars__gt=0, timeframe=str(Timeframe.of(timeframe)))
        with explained("list symbols"):
            return sorted(set(Series.objects.filter(wanted).values_list("instrument__symbol", flat=True)))

    def describe(self) -> tuple[StoredSeries, ...]:
        """What is stored, one record a symbol and timeframe, sorted; `bytes` counts the values alone."""
        columns = ("instrument__symbol", "timeframe", "bars", "first_opened_at_ns", "last_opened_at_ns", "version")
        with explained("describe the stored bars"):
            rows = sorted(Series.objects.filter(bars__gt=0).values_list(*columns))
        return tuple(
            StoredSeries(
                symbol=symbol,
                timeframe=timeframe,
                bars=bars,
                first=time_index(np.array([first]))[0],
                last=time_index(np.array([last]))[0],
                bytes=bars * _VALUE_BYTES,
                parts=1,
                version=version,
            )
            for symbol, timeframe, bars, first, last, version in rows
        )

    def delete(self, symbol: str, timeframe: str | Timeframe | None = None) -> None:
        """Forget a symbol's bars of one timeframe, or of all, with their revisions; NotFound when there are none."""
        name = SeriesName.of(symbol, timeframe or "1D")
        wanted = Q(instrument__symbol=symbol)
        if timeframe is not None:
            wanted &= Q(timeframe=str(name.timeframe))
        with explained(f"delete bars of {symbol!r}"), transaction.atomic():
            every = list(Series.objects.select_for_update(of=("self",)).filter(wanted).order_by("pk"))
            if not any(series.bars for series in every):
                raise _unknown(name)
            keys = [series.pk for series in every]
            Bar.objects.filter(series_id__in=keys).delete()
            BarRevision.objects.filter(series_id__in=keys).delete()
            Series.objects.filter(pk__in=keys).delete()

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.clock() / 10**9, tz=UTC)


@contextmanager
def _locked(name: SeriesName, doing: str, *, create: bool = True) -> Iterator[Series]:
    """The series in a transaction, nobody else writing it; made when it is not there and `create`."""
    with explained(f"{doing} bars of {name}"), transaction.atomic():
        wanted = Series.objects.select_for_update(of=("self",)).filter(
            instrument__symbol=name.symbol, timeframe=str(name.timeframe)
        )
        series = wanted.first()
        if not create and (series is None or series.bars == 0):
            raise _unknown(name)
        if series is None:
            instrument, _ = Instrument.objects.get_or_create(symbol=name.symbol)
            Series.objects.get_or_create(instrument=instrument, timeframe=str(name.timeframe))
            series = wanted.first()
        if series is None:
            raise Unavailable(f"{name}: was deleted in the moment of writing to it; retry")
        yield series


def _stored(names: Sequence[SeriesName], *, removed: bool) -> dict[str, tuple[int, int]]:
    """Key and number of bars of each series, in one query; with `removed` also those whose bars were all removed."""
    if not names:
        return {}
    rows = Series.objects.filter(
        timeframe=str(names[0].timeframe), instrument__symbol__in={name.symbol for name in names}
    ).values_list("instrument__symbol", "pk", "bars")
    stored = {symbol: (key, bars) for symbol, key, bars in rows if bars or removed}
    for name in names:
        if name.symbol not in stored:
            raise _unknown(name)
    return stored


def _batches(series: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Keys of series, so many together that their bars fit into memory beside one another."""
    batch: list[int] = []
    rows = 0
    for key, bars in series:
        if batch and rows + bars > _ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
        batch.append(key)
        rows += bars
    if batch:
        yield batch


def _unknown(name: SeriesName) -> NotFound:
    stored = Series.objects.filter(bars__gt=0)
    frames = sorted(stored.filter(instrument__symbol=name.symbol).values_list("timeframe", flat=True))
    if frames:
        return NotFound(f"{database_name()}: no {name.timeframe} bars of {name.symbol!r}, only {', '.join(frames)}")
    known = set(stored.values_list("instrument__symbol", flat=True))
    hint = nearest(name.symbol, known) if known else "the store is empty"
    return NotFound(f"{database_name()}: no bars of {name.symbol!r}; {hint}")
