"""Refused records, tried again: as they came, mended by hand, or read once more from their source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from augury.errors import InvalidInput, Refused, nearest
from augury.market.bars import BAR_COLUMNS
from augury.market.rules import NO_TIME
from augury.market.timeframe import Timeframe
from augury.market.times import instant
from augury_server.database.explaining import explained
from augury_server.ingest.dead_letters import open_letter, resolve
from augury_server.ingest.given_rows import GivenRows
from augury_server.ingest.load_bars import LoadSpec, load_bars
from augury_server.ingest.load_news import NewsSpec, load_news
from augury_server.ingest.load_results import BarsLoaded
from augury_server.ingest.models import DeadLetter
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.readers import reader_of

__all__ = ["Replay", "Replayed", "replay_dead_letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How a record is tried again.

    `mended` are fields of the record with other values: opened_at, open, high, low, close, volume of a bar; ticker,
    text, published_at, known_at, source of a news item. `minimum_quality` is for series that scored too low: 0 takes
    them as they are. `reason` is kept beside the letter.
    """

    mended: Mapping[str, Any] | None = None
    minimum_quality: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The settled letter's number and subject, and what was stored."""

    letter: int
    subject: str
    stored: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"letter": self.letter, "subject": self.subject, "stored": self.stored}


def replay_dead_letter(
    letter_id: int, *, by: str, replay: Replay | None = None, now: Callable[[], datetime] = timezone.now
) -> Replayed:
    """Store what a dead letter holds and settle the letter, both or neither.

    What is stored counts as known from now on, unless a news item says itself when it was. Raises Refused, with the
    reason, when it is not good enough still; NotFound; Conflict for a letter that is settled; InvalidInput for fields
    that the record does not have.
    """
    wanted = replay or Replay()
    moment = now()
    with explained(f"replay dead letter {letter_id}"), transaction.atomic():
        letter = open_letter(letter_id)
        form = letter.payload.get("form")
        if form != "row" and letter.kind == "bars" and wanted.mended:
            raise InvalidInput("this letter is about a whole series or file: mend it at its source, then replay")
        if letter.kind == "news":
            stored = _news(letter, wanted, lambda: moment)
        elif form == "row":
            stored = _row(letter, wanted, lambda: moment)
        else:
            stored = _again(letter, wanted, lambda: moment)
        told = wanted.reason or ("mended" if wanted.mended else "as it came")
        letter.refresh_from_db()
        resolve(letter, DeadLetter.State.REPLAYED, by=by, resolution=f"{told}: {stored}", moment=moment)
    return Replayed(letter=letter_id, subject=letter.subject, stored=stored)


def _merged(record: Mapping[str, Any], mended: Mapping[str, Any] | None, known: tuple[str, ...]) -> dict[str, Any]:
    for name in mended or {}:
        if name not in known:
            raise InvalidInput(f"the record has no field {name!r}; {nearest(name, known)}")
    return {**record, **(mended or {})}


def _row(letter: DeadLetter, replay: Replay, now: Callable[[], datetime]) -> str:
    payload = letter.payload
    record = {"opened_at": payload["opened_at"], **dict(zip(BAR_COLUMNS, payload["values"], strict=True))}
    merged = _merged(record, replay.mended, tuple(record))
    opened_at = NO_TIME if merged["opened_at"] is None else instant(merged["opened_at"], what="opened_at")
    try:
        values = np.array([[float(merged[name])] for name in BAR_COLUMNS])
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"expected a number for each of {', '.join(BAR_COLUMNS)}: {error}") from error
    raw = RawSeries.of(letter.subject, np.array([opened_at], dtype=np.int64), values)
    spec = LoadSpec(minimum_quality=0.0)
    loaded = load_bars(GivenRows(raw, name=letter.source), None, letter.timeframe, spec=spec, now=now)
    return _accepted(letter, loaded)


def _again(letter: DeadLetter, replay: Replay, now: Callable[[], datetime]) -> str:
    payload = letter.payload
    origin = payload.get("origin")
    if not origin:
        raise Refused(
            f"dead letter {letter.pk} came from a source that was given as an object; load it again from there and "
            "dismiss the letter"
        )
    reader = reader_of(
        origin["source"],
        files=origin.get("files", ()),
        zone=origin.get("zone"),
        stamp=origin.get("stamp", "open"),
        options=origin.get("options"),
    )
    spec = LoadSpec(start=payload.get("start"), end=payload.get("end"), minimum_quality=replay.minimum_quality)
    symbol = payload.get("symbol", letter.subject)
    symbols = None if symbol is None else [symbol]
    return _accepted(letter, load_bars(reader, symbols, Timeframe.of(letter.timeframe), spec=spec, now=now))


def _accepted(letter: DeadLetter, loaded: BarsLoaded) -> str:
    bad = [one for one in loaded.symbols if one.state in ("refused", "failed") or one.refused]
    only_rows = letter.payload["form"] in ("series", "part") and not loaded.of("refused", "failed")
    if bad and not only_rows:
        raise Refused(f"dead letter {letter.pk}, {letter.subject}: {bad[0].reason}")
    if loaded.total("read") == 0:
        raise Refused(f"dead letter {letter.pk}, {letter.subject}: nothing came")
    names = ("new", "restated", "backdated", "equal")
    return ", ".join(f"{loaded.total(name)} {name}" for name in names if loaded.total(name)) or "nothing new"


def _news(letter: DeadLetter, replay: Replay, now: Callable[[], datetime]) -> str:
    payload = letter.payload
    known = ("ticker", "text", "published_at", "known_at", "source")
    record = {name: value for name, value in payload["record"].items() if name != "line"}
    merged = _merged(record, replay.mended, tuple(dict.fromkeys((*known, *record))))
    spec = NewsSpec(zone=payload["zone"], latency=payload["latency"], known=payload["known"])
    loaded = load_news([merged], feed=payload["feed"], spec=spec, now=now)
    if loaded.refused or loaded.read == 0:
        newest = DeadLetter.objects.filter(source=letter.source, kind="news").order_by("-last_seen_at", "-id").first()
        raise Refused(f"dead letter {letter.pk}: {newest.reason if newest else 'the record is refused still'}")
    return f"{loaded.new} new, {loaded.equal} equal"
