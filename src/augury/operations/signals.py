"""The `signals` operation: files of bars, and news when there is some, to explained signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from augury import learning, market, sentiment, signals
from augury.errors import AuguryError, InvalidBars, NotEnoughData, NotFound, Refused, nearest
from augury.operations.news_notes import news_notes
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import SENTIMENT
from augury.operations.price_notes import price_notes
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

    from augury.market import NewsItem
    from augury.signals import TradingSignal

__all__ = ["SignalsOptions", "SignalsResult", "judge_universe", "timeframe_of"]

Text: TypeAlias = str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsOptions(Spec):
    """Options of the `signals` operation."""

    files: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Bars: CSV, Parquet or Feather. One file a ticker, or a file with a symbol column."),
    ] = option(positional=True, path=True)
    news: Annotated[
        str | None, msgspec.Meta(description="News: JSON Lines, CSV or Parquet with ticker, text, published_at.")
    ] = option(None, short="-n", path=True)
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    stamp: Annotated[
        Literal["open", "close"], msgspec.Meta(description="Whether the files stamp a bar's open or its close.")
    ] = option("open")
    timeframe: Annotated[
        str | None, msgspec.Meta(description="Length of a bar, such as 1h or 1D; found from the file when left out.")
    ] = option(None, short="-t")
    tickers: Annotated[
        tuple[str, ...], msgspec.Meta(description="Only these tickers; repeat the option for several.")
    ] = option(())
    model: Annotated[
        str, msgspec.Meta(description="Sentiment model: embedded, lexicon, or a Hugging Face name or folder.")
    ] = option("embedded", short="-m", path=SENTIMENT)
    artefact: Annotated[
        str | None,
        msgspec.Meta(
            description="A trained model's folder: its probability of a rise sizes signals after its training."
        ),
    ] = option(None, short="-a", path=True)
    sectors: Annotated[
        str | None,
        msgspec.Meta(description="Sectors: a table with ticker and sector, to compare news within a sector."),
    ] = option(None, path=True)
    thresholds: Annotated[
        Literal["quantile", "absolute"],
        msgspec.Meta(description="Sentiment thresholds: points of each ticker's own history, or fixed levels."),
    ] = option("quantile")
    last: Annotated[
        int, msgspec.Meta(ge=1, description="How many bars back to judge for each ticker, the last one included.")
    ] = option(1)
    workers: Annotated[
        int, msgspec.Meta(ge=1, le=64, description="Processes to share the work; pays for thousands of tickers.")
    ] = option(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsResult:
    """Signals, the tickers that could not be judged and why, and where the data came from."""

    signals: tuple[TradingSignal, ...]
    refused: Mapping[str, str]
    source: str
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 when some ticker could not be judged."""
        return 1 if self.refused else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "signals": [signal.to_dict() for signal in self.signals],
            "refused": dict(self.refused),
            "source": self.source,
            "notes": list(self.notes),
        }


def timeframe_of(universe: Mapping[str, pd.DataFrame], given: str | None) -> str:
    """The timeframe given, or the one that every ticker long enough to be judged has.

    Raises NotEnoughData when no ticker is long enough and Refused when timeframes differ.
    """
    least = signals.SignalSpec().min_bars
    judged = {ticker: bars for ticker, bars in universe.items() if len(bars) >= least}
    if not judged:
        shown = ", ".join(f"{ticker} has {len(bars)}" for ticker, bars in list(universe.items())[:6])
        raise NotEnoughData(f"expected at least {least} bars of a ticker to judge it, {shown}; give a longer history")
    if given is not None:
        return str(market.Timeframe.of(given))
    found = {ticker: str(market.infer_timeframe(market.bar_arrays(bars).opened_at)) for ticker, bars in judged.items()}
    if len(set(found.values())) > 1:
        shown = ", ".join(f"{ticker} {timeframe}" for ticker, timeframe in list(found.items())[:6])
        raise Refused(f"the files have bars of different length ({shown}); judge one length at a time, or resample")
    return next(iter(found.values()))


def judge_universe(
    engine: signals.SignalEngine,
    universe: Mapping[str, pd.DataFrame],
    news: signals.PreparedNews,
    options: SignalsOptions,
    progress: Progress,
) -> SignalsResult:
    """Judge every ticker, the last bar or the last few; what cannot be judged is listed with its reason."""
    if options.last == 1:
        batch = engine.generate_signals_batch(
            universe,
            news,
            workers=options.workers,
            on_error="collect",
            track=lambda tickers: progress.track(tickers, "Judging", len(universe)),
        )
        return SignalsResult(signals=batch.signals, refused=batch.refused, source=_source(options))
    found: list[TradingSignal] = []
    refused: dict[str, str] = {}
    for ticker in progress.track(universe, "Judging", len(universe)):
        try:
            found += engine.signal_history(ticker, universe[ticker], news)[-options.last :]
        except AuguryError as error:
            refused[ticker] = str(error)
    return SignalsResult(signals=tuple(found), refused=refused, source=_source(options))


def _source(options: SignalsOptions) -> str:
    return ", ".join(options.files) + (f"; news: {options.news}" if options.news else "; no news given")


def _chosen(
    universe: dict[str, pd.DataFrame], broken: dict[str, str], tickers: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """The bars of the tickers asked for; `broken` keeps only these too. At least one ticker must have sound bars."""
    for ticker in tickers:
        if ticker not in universe and ticker not in broken:
            raise NotFound(f"no bars of {ticker!r} in the files; {nearest(ticker, [*universe, *broken])}")
    if tickers:
        universe = {ticker: universe[ticker] for ticker in tickers if ticker in universe}
        for ticker in set(broken).difference(tickers):
            del broken[ticker]
    if not universe:
        raise InvalidBars(next(iter(broken.values())))
    return universe


def _run(options: SignalsOptions, progress: Progress) -> SignalsResult:
    broken: dict[str, str] = {}
    universe = market.read_universe(
        *options.files, zone=options.zone, stamp=options.stamp, timeframe=options.timeframe, refused=broken
    )
    universe = _chosen(universe, broken, options.tickers)
    items = market.read_news(options.news, zone=options.zone) if options.news else []
    rules = signals.RuleSpec.absolute() if options.thresholds == "absolute" else signals.RuleSpec()
    spec = signals.SignalSpec.for_timeframe(timeframe_of(universe, options.timeframe), rules=rules)
    sectors = market.read_sectors(options.sectors) if options.sectors else {}
    engine = signals.SignalEngine(
        spec,
        model=sentiment.load_model(options.model) if items else None,
        sectors=sectors,
        artefact=None if options.artefact is None else learning.load_artefact(options.artefact),
    )
    for read in progress.track((items,) if items else (), f"Reading {len(items):,} news items", 1):
        engine.prepare_news(read)
    result = judge_universe(engine, universe, engine.prepare_news(items), options, progress)
    unread = {ticker: reason.split(f", symbol {ticker}: ", 1)[-1] for ticker, reason in broken.items()}
    notes = (*_notes(universe, items, options), *price_notes(universe, spec.timeframe))
    return replace(result, refused={**unread, **result.refused}, notes=notes)


def _notes(universe: Mapping[str, pd.DataFrame], items: list[NewsItem], options: SignalsOptions) -> tuple[str, ...]:
    """What was given and had no effect, which is more often a slip than a wish."""
    notes = list(news_notes(universe, items))
    if not items and options.model != "embedded":
        notes.append(f"The model {options.model!r} was not used: no news was given.")
    if options.workers > 1 and options.last > 1:
        notes.append(f"The {options.workers} workers were not used: more than the last bar is judged in one process.")
    return tuple(notes)


register(
    Operation(
        name="signals",
        summary="Judge files of bars, with news when there is some: explained trading signals.",
        example="augury signals AAPL.csv MSFT.csv --news headlines.jsonl",
        spec_type=SignalsOptions,
        result="augury.operations.signals:SignalsResult",
        run=_run,
        long=True,
    )
)
