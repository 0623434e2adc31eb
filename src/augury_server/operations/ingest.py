"""Verbs of ingest: bars and news into the database, and what was refused on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import Place, option
from augury.operations.places import SENTIMENT
from augury_server.ingest.secret_options import refuse_secrets
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

Reason = Annotated[str, msgspec.Meta(description="Why, kept beside the record.", max_length=500)]
Numbers = Annotated[tuple[int, ...], msgspec.Meta(description="Numbers of dead letters.", min_length=1)]
_VENDORS = "options of a source are given where the platform runs"


def _is_source(text: str) -> bool:
    """Whether a source is named without a place: those with one are "store:FOLDER" and "file:PATH"."""
    return text in ("", "alpaca", "file", "yfinance") or re.fullmatch(r"ccxt:[A-Za-z0-9_]{1,40}", text) is not None


_SOURCE = Place(is_name=_is_source, before=r"(store|file):")
Zone = Annotated[str | None, msgspec.Meta(description="Time zone of clock times without one, America/New_York say.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsOptions(PlatformOptions):
    """Which bars to load, from where."""

    files: Annotated[
        tuple[str, ...], msgspec.Meta(description="Files or folders of bars, when they come from files.")
    ] = option((), positional=True, path=True)
    timeframe: Annotated[str, msgspec.Meta(description="Length of the bars, such as 1D, 1h, 5m.")] = option(
        "1D", short="-t"
    )
    source: Annotated[
        str,
        msgspec.Meta(description="file, store:FOLDER, yfinance, alpaca, ccxt:EXCHANGE; empty: ingest.source."),
    ] = option("", short="-s", path=_SOURCE)
    symbols: Annotated[
        tuple[str, ...], msgspec.Meta(description="Only these symbols; a vendor needs them. May be repeated.")
    ] = option(())
    start: Annotated[
        str | None, msgspec.Meta(description="First open; a vendor goes on from its watermark when left out.")
    ] = option(None)
    end: Annotated[str | None, msgspec.Meta(description="Opens before this; now when left out.")] = option(None)
    known_at: Annotated[
        str | None,
        msgspec.Meta(description="Since when the bars are known: a time, or close; their arrival when left out."),
    ] = option(None)
    zone: Zone = option(None, short="-z")
    stamp: Annotated[Literal["open", "close"], msgspec.Meta(description="Which end of a bar the file's time is.")] = (
        option("open")
    )
    minimum_quality: Annotated[
        float | None, msgspec.Meta(description="Lowest score from 0 to 100; ingest.minimum_quality when left out.")
    ] = option(None)
    source_option: Annotated[
        tuple[str, ...], msgspec.Meta(description="An option of the source, name=value: adjusted=false.")
    ] = option((), local=_VENDORS)

    def check(self) -> None:
        """Secrets are no options: the audit trail keeps options."""
        refuse_secrets(text.partition("=")[0] for text in self.source_option)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsOptions(PlatformOptions):
    """Which news to load."""

    files: Annotated[
        tuple[str, ...], msgspec.Meta(description="JSON Lines, CSV, Parquet or Feather.", min_length=1)
    ] = option(positional=True, path=True)
    feed: Annotated[str, msgspec.Meta(description="What the watermark calls it; the file's name when left out.")] = (
        option("")
    )
    zone: Zone = option(None, short="-z")
    latency: Annotated[str, msgspec.Meta(description="From publication or arrival to use, such as 5min.")] = option(
        "0s"
    )
    known: Annotated[
        Literal["arrival", "published"],
        msgspec.Meta(description="Since when an item without known_at counts as known."),
    ] = option("arrival")
    model: Annotated[
        str | None, msgspec.Meta(description="Sentiment model that scores new items: embedded, lexicon, ...")
    ] = option(None, short="-m", path=SENTIMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOptions(PlatformOptions):
    """Which watermarks to show."""

    source: Annotated[str | None, msgspec.Meta(description="Only this source.")] = option(None, short="-s")
    limit: Annotated[int, msgspec.Meta(description="At most so many, the furthest behind.", ge=1, le=10_000)] = option(
        50
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersOptions(PlatformOptions):
    """Which dead letters to show."""

    number: Annotated[int | None, msgspec.Meta(description="Show this one in full.")] = option(None, positional=True)
    state: Annotated[
        Literal["open", "replayed", "dismissed", "all"], msgspec.Meta(description="Only those in this state.")
    ] = option("open")
    subject: Annotated[str | None, msgspec.Meta(description="Only about this symbol, ticker or feed.")] = option(None)
    kind: Annotated[Literal["bars", "news"] | None, msgspec.Meta(description="Only bars, or only news.")] = option(None)
    limit: Annotated[int, msgspec.Meta(description="At most so many, the newest.", ge=1, le=10_000)] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions(PlatformOptions):
    """Which dead letters to try again, and how."""

    numbers: Numbers = option(positional=True)
    mend: Annotated[
        str, msgspec.Meta(description='Other values for fields of the record, as JSON: {"high": 101.5}.')
    ] = option("")
    minimum_quality: Annotated[
        float | None, msgspec.Meta(description="Accept a series from this score on; 0 takes it as it is.")
    ] = option(None)
    reason: Reason = option("")


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissOptions(PlatformOptions):
    """Which dead letters to close without storing them."""

    numbers: Numbers = option(positional=True)
    reason: Reason = option()


platform_operation(
    Verb(
        name="ingest.bars",
        summary="Load bars from files, a store or a vendor: judged, restatements kept, each symbol all or nothing.",
        example="augury ingest bars AAPL.csv MSFT.csv --timeframe 1D",
        run="ingest:ingest_bars",
        role="operator",
        changes_state=True,
        long=True,
    ),
    BarsOptions,
)
platform_operation(
    Verb(
        name="ingest.news",
        summary="Load news from files: each item once, with the times it was published and known.",
        example="augury ingest news headlines.jsonl --model embedded",
        run="ingest:ingest_news",
        role="operator",
        changes_state=True,
        long=True,
    ),
    NewsOptions,
)
platform_operation(
    Verb(
        name="ingest.status",
        summary="Show how current each source and symbol is, and what waits among the dead letters.",
        example="augury ingest status",
        run="ingest:show_status",
    ),
    StatusOptions,
)
platform_operation(
    Verb(
        name="ingest.dead-letters",
        summary="List the records that were refused, or show one in full.",
        example="augury ingest dead-letters --subject AAPL",
        run="ingest:list_dead_letters",
    ),
    LettersOptions,
)
platform_operation(
    Verb(
        name="ingest.replay",
        summary="Try refused records again, mended or with a lower bar, and settle them.",
        example="augury ingest replay 12 --mend '{\"high\": 101.5}'",
        run="ingest:replay_letters",
        role="operator",
        changes_state=True,
        long=True,
    ),
    ReplayOptions,
)
platform_operation(
    Verb(
        name="ingest.dismiss",
        summary="Close refused records without storing them.",
        example="augury ingest dismiss 12 13 --reason 'test rows of the vendor'",
        run="ingest:dismiss_letters",
        role="operator",
        changes_state=True,
    ),
    DismissOptions,
)
