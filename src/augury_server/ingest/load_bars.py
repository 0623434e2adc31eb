"""Bars from any source into the database: judged, with the time they were known, each symbol all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone

from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound, Unavailable
from augury.market.bars import BarArrays
from augury.market.sources.protocol import Source
from augury.market.store_names import checked_symbol
from augury.market.timeframe import Timeframe
from augury.market.times import instant
from augury.operations.operation import Progress, Silent
from augury.spec import Spec
from augury_server.database.explaining import explained
from augury_server.ingest.bar_history import stored_bars
from augury_server.ingest.bar_letters import BarLetters
from augury_server.ingest.dead_letters import Letter, record_dead_letters
from augury_server.ingest.gates import SoundRows, judge, sound_rows
from augury_server.ingest.known import KnownRule, known_rule
from augury_server.ingest.load_results import BarsLoaded, SymbolLoad
from augury_server.ingest.models import Series
from augury_server.ingest.patience import patiently
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.reader import Piece, Reader
from augury_server.ingest.readers import reader_of
from augury_server.ingest.watermarks import Mark, move_watermark, watermark
from augury_server.ingest.windows import Bounds, LoadWindow, plan_window
from augury_server.ingest.write_bars import lock_series, write_bars
from augury_server.settings.current import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["LoadSpec", "load_bars"]

_CONTEXT_BARS = 250
"""Stored bars that the quality gate looks at ahead of new ones: about a year of days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec(Spec):
    """How a load differs from the usual one.

    `start` and `end` bound the opens (ISO 8601 with an offset); without a start a vendor is asked from the watermark
    on, less an overlap, and files and stores are read in full. `known_at`: since when the bars count as known; None is
    their arrival, "close" their own closes, else a moment. `minimum_quality` replaces the setting of that name.
    """

    start: str | None = None
    end: str | None = None
    known_at: str | None = None
    minimum_quality: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None


def load_bars(
    source: str | Source | Reader,
    symbols: Sequence[str] | None,
    timeframe: str | Timeframe,
    *,
    spec: LoadSpec | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = timezone.now,
) -> BarsLoaded:
    """Load bars of symbols (None: all that the source lists) and say what became of each.

    A symbol is one transaction: its bars, its dead letters and its watermark are stored together or not at all, so that
    a load that was killed is simply run again. Loading the same bars twice changes nothing. Only closed bars are
    stored; restated ones replace what is stored and leave a revision. Writers of one series wait for one another.

    A symbol that fails, after retries, does not stop the others: it is listed with its reason. Raises Misconfigured for
    credentials or a database that cannot work, InvalidInput for arguments that make no sense.
    """
    wanted = LoadSpec() if spec is None else spec
    length = Timeframe.of(timeframe)
    reader = source if isinstance(source, Reader) else reader_of(source)
    job = _Load.of(reader, length, wanted, now)
    names = None if symbols is None else tuple(dict.fromkeys(symbols))
    parts = reader.parts(names, length)
    done: list[SymbolLoad] = []
    for one in job.everything(progress or Silent(), parts, names):
        done += one
    found = {one.symbol for one in done}
    if reader.in_full and names is not None:
        missing = [name for name in names if name not in found]
        done += [
            SymbolLoad(symbol=name, state="failed", reason=f"{reader.name}: holds no {name!r}") for name in missing
        ]
    return BarsLoaded(source=reader.name, timeframe=str(length), symbols=tuple(done))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """One call of `load_bars`: what does not change from symbol to symbol."""

    reader: Reader
    timeframe: Timeframe
    bounds: Bounds
    rule: KnownRule
    minimum_score: float
    moment: datetime
    log: Any = field(repr=False)

    @classmethod
    def of(cls, reader: Reader, timeframe: Timeframe, spec: LoadSpec, now: Callable[[], datetime]) -> _Load:
        moment = now()
        now_ns = int(pd.Timestamp(moment).as_unit("ns").value)
        minimum = current_settings().ingest.minimum_quality if spec.minimum_quality is None else spec.minimum_quality
        return cls(
            reader=reader,
            timeframe=timeframe,
            bounds=Bounds(
                start_ns=None if spec.start is None else instant(spec.start, what="start"),
                end_ns=None if spec.end is None else instant(spec.end, what="end"),
                now_ns=now_ns,
            ),
            rule=known_rule(spec.known_at, now_ns),
            minimum_score=minimum,
            moment=moment,
            log=get_log(__name__),
        )

    def everything(
        self, progress: Progress, parts: Sequence[str], names: Sequence[str] | None
    ) -> Iterator[list[SymbolLoad]]:
        """Load part by part; of a single one, a universe in one file, progress counts the symbols."""
        for part in progress.track(parts, "Loading", len(parts)) if len(parts) > 1 else parts:
            try:
                pieces = self.reader.pieces(part, names, self.timeframe, self.window)
            except (InvalidBars, NotEnoughData) as problem:
                yield [self._unreadable(part, part, problem)]
            except (NotFound, Unavailable, InvalidInput) as problem:
                yield [self._not_loaded(part, "failed", problem)]
            else:
                tracked = progress.track(pieces, "Loading", len(pieces)) if len(parts) == 1 else pieces
                yield [self.piece(part, piece) for piece in tracked]

    def piece(self, part: str, piece: Piece) -> SymbolLoad:
        """Read one symbol and store it."""
        try:
            raw = piece.read()
        except (InvalidBars, NotEnoughData) as problem:
            return self._unreadable(part, piece.symbol, problem)
        except (NotFound, Unavailable, InvalidInput) as problem:
            return self._not_loaded(piece.symbol, "failed", problem)
        try:
            return patiently(partial(self.store, part, raw))
        except (Unavailable, InvalidInput) as problem:
            return self._not_loaded(piece.symbol, "failed", problem)

    def window(self, symbol: str) -> LoadWindow:
        """What is wanted of a symbol: from its watermark on for sources that are not read in full."""
        settings = current_settings().ingest
        last = None
        if not self.reader.in_full and self.bounds.start_ns is None:
            with explained("read a watermark"):
                row = watermark(self.mark(symbol))
                if row is not None and self._stored(symbol) is not None:  # bars may have been deleted since
                    last = row.last_opened_at_ns
        history = None if self.reader.in_full else settings.history_days
        return plan_window(self.bounds, last, self.timeframe, overlap_bars=settings.overlap_bars, history_days=history)

    def mark(self, symbol: str) -> Mark:
        """The watermark of a symbol."""
        return Mark(source=self.reader.name, kind="bars", subject=symbol, timeframe=str(self.timeframe))

    def store(self, part: str, raw: RawSeries) -> SymbolLoad:
        """Judge one symbol's rows and store what may be stored."""
        symbol = checked_symbol(raw.symbol)
        window = self.window(symbol)
        sound = sound_rows(raw, window, self.timeframe)
        with explained(f"store bars of {symbol}"):
            verdict = judge(
                sound, self._before(symbol, sound), self.timeframe, symbol=symbol, minimum_score=self.minimum_score
            )
        counts = {"read": len(raw), "forming": sound.forming}
        score = verdict.score if len(sound.bars) else None
        letters_of = self.letters(part)
        unread = letters_of.windows(raw)
        if not verdict.accepted:
            self._keep((letters_of.series(symbol, window, verdict), *unread))
            self.log.warning("bars refused", symbol=symbol, reason=verdict.reason)
            return SymbolLoad(
                symbol=symbol, state="refused", refused=len(raw) - sound.forming - sound.outside, score=score,
                reason=verdict.reason, **counts,
            )  # fmt: skip
        with explained(f"store bars of {symbol}"), transaction.atomic():
            series = lock_series(symbol, self.timeframe)
            written = write_bars(series, self.timeframe, sound.bars, self.rule, self.moment)
            refused = (*sound.refused, *written.refused)
            letters = (*letters_of.rows(symbol, refused), *unread)
            record_dead_letters(self.reader.name, letters, now=lambda: self.moment)
            if written.last_known_at_ns is not None:
                move_watermark(
                    self.mark(symbol), last_opened_at_ns=int(sound.bars.opened_at[-1]),
                    last_known_at_ns=written.last_known_at_ns, now=lambda: self.moment,
                )  # fmt: skip
        return SymbolLoad(
            symbol=symbol,
            state="loaded" if written.changed else "refused" if letters and not len(sound.bars) else "unchanged",
            new=written.new, late=written.late, restated=written.restated, backdated=written.backdated,
            equal=written.equal + sound.repeated, refused=len(refused), score=score,
            reason="; ".join(dict.fromkeys(f"{letter.rule}: {letter.reason}" for letter in letters))[:500], **counts,
        )  # fmt: skip

    def letters(self, part: str) -> BarLetters:
        """Dead letters about a part of the source."""
        return BarLetters(timeframe=str(self.timeframe), origin=self.reader.origin(part))

    def _before(self, symbol: str, sound: SoundRows) -> BarArrays:
        """Stored bars ahead of the new ones, the latest `_CONTEXT_BARS` of them."""
        series = self._stored(symbol)
        if series is None or not len(sound.bars):
            return BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0)))
        first = int(sound.bars.opened_at[0])
        stored = stored_bars(series, first - 2 * _CONTEXT_BARS * self.timeframe.ns, first - 1)
        return stored[-_CONTEXT_BARS:].bars

    def _stored(self, symbol: str) -> Series | None:
        return Series.objects.filter(instrument__symbol=symbol, timeframe=str(self.timeframe), bars__gt=0).first()

    def _keep(self, letters: Sequence[Letter]) -> None:
        with explained("keep dead letters"):
            record_dead_letters(self.reader.name, letters, now=lambda: self.moment)

    def _unreadable(self, part: str, subject: str, problem: Exception) -> SymbolLoad:
        whole = self.reader.in_full and subject == part
        self._keep((self.letters(part).part(subject, problem, symbol=None if whole else subject),))
        return self._not_loaded(subject, "refused", problem)

    def _not_loaded(self, symbol: str, state: Any, problem: Exception) -> SymbolLoad:
        self.log.warning("bars not loaded", symbol=symbol, state=state, reason=str(problem))
        return SymbolLoad(symbol=symbol, state=state, reason=str(problem))
