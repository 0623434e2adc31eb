"""The `sentiment` operation: score texts, or a file of news with a snapshot per ticker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from augury import market, sentiment
from augury.errors import InvalidInput
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import SENTIMENT
from augury.operations.registry import register
from augury.spec import Spec

__all__ = ["SentimentOptions", "SentimentResult", "TextScore"]

_BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentOptions(Spec):
    """Options of the `sentiment` operation."""

    texts: Annotated[tuple[str, ...], msgspec.Meta(description="Texts to score.")] = option((), positional=True)
    news: Annotated[
        str | None, msgspec.Meta(description="News: JSON Lines, CSV or Parquet with ticker, text, published_at.")
    ] = option(None, short="-n", path=True)
    at: Annotated[
        str | None,
        msgspec.Meta(description="Snapshot as of this time (ISO, with zone); the last item's when left out."),
    ] = option(None)
    sectors: Annotated[
        str | None,
        msgspec.Meta(description="Sectors: a table with ticker and sector, to compare news within a sector."),
    ] = option(None, path=True)
    window: Annotated[
        Literal["5m", "30m", "1h", "1d"], msgspec.Meta(description="Window of the snapshot; sets how fast news fades.")
    ] = option("1d", short="-w")
    model: Annotated[
        str, msgspec.Meta(description="Sentiment model: embedded, lexicon, or a Hugging Face name or folder.")
    ] = option("embedded", short="-m", path=SENTIMENT)
    zone: Annotated[str | None, msgspec.Meta(description="Time zone of clock times without one.")] = option(
        None, short="-z"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScore:
    """One scored text: three probabilities and their signed difference, positive minus negative."""

    text: str
    positive: float
    negative: float
    neutral: float
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "text": self.text,
            "score": self.score,
            "positive": self.positive,
            "negative": self.negative,
            "neutral": self.neutral,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentResult:
    """Scores of texts, and snapshots per ticker when news was given."""

    model: str
    scores: tuple[TextScore, ...]
    at: str | None
    window: str | None
    snapshots: dict[str, dict[str, float | None]]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "model": self.model,
            "scores": [score.to_dict() for score in self.scores],
            "at": self.at,
            "window": self.window,
            "snapshots": self.snapshots,
        }


def _run(options: SentimentOptions, progress: Progress) -> SentimentResult:
    if bool(options.texts) == (options.news is not None):
        raise InvalidInput("give texts to score, or a file with --news, and not both: augury sentiment 'Profit rises'")
    model = sentiment.load_model(options.model)
    items = market.read_news(options.news, zone=options.zone) if options.news is not None else []
    texts = list(options.texts) or [item.text for item in items]
    starts = range(0, len(texts), _BATCH)
    scores: list[TextScore] = []
    rows: list[Any] = []
    for start in progress.track(starts, "Scoring", len(starts)):
        rows += list(model.score(texts[start : start + _BATCH]))
    for text, row in zip(texts, rows, strict=True):
        positive, negative, neutral = (float(value) for value in row)
        scores.append(
            TextScore(text=text, positive=positive, negative=negative, neutral=neutral, score=positive - negative)
        )
    snapshots: dict[str, dict[str, float | None]] = {}
    at_ns = None
    if items:
        import numpy as np

        at_ns = (
            max(item.known_at_ns for item in items) if options.at is None else market.instant(options.at, what="--at")
        )
        sectors = market.read_sectors(options.sectors) if options.sectors else None
        found = sentiment.ticker_snapshots(items, np.vstack(rows), window=options.window, at_ns=at_ns, sectors=sectors)
        snapshots = {ticker: _plain(values) for ticker, values in found.items()}
    return SentimentResult(
        model=f"{model.name}@{model.version}",
        scores=tuple(scores),
        at=None if at_ns is None else market.iso(at_ns),
        window=options.window if items else None,
        snapshots=snapshots,
    )


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


register(
    Operation(
        name="sentiment",
        summary="Score texts, or a file of news with a snapshot per ticker.",
        example="augury sentiment 'Profit beats estimates' 'Shares plunge after guidance cut'",
        spec_type=SentimentOptions,
        result="augury.operations.sentiment:SentimentResult",
        run=_run,
    )
)
