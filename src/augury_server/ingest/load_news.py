"""News from files and feeds into the database: each item once, with the times it was published and known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from augury.errors import InvalidInput, InvalidNews
from augury.market.news import NewsItem
from augury.market.times import time_zone
from augury.sentiment.model import SentimentModel
from augury.sentiment.models import load_model
from augury.spec import Spec
from augury_server.database.bulk import OnConflict, insert_rows
from augury_server.database.explaining import explained
from augury_server.ingest.dead_letters import Letter, record_dead_letters
from augury_server.ingest.gates import MOST_REFUSED_SHARE
from augury_server.ingest.models import News
from augury_server.ingest.news_gate import KnownNews, NewsGate
from augury_server.ingest.news_rows import NewsRows, RefusedNews, news_rows, table_of
from augury_server.ingest.patience import patiently
from augury_server.ingest.watermarks import Mark, move_watermark, watermark

__all__ = ["NewsLoaded", "NewsSpec", "load_news"]

_AT_ONCE = 2_000
_TELLING = 20
_COLUMNS = ("item_id", "ticker", "source", "text", "published_at_ns", "known_at_ns")
_SCORES = ("positive", "negative", "neutral", "scored_by")
_ONCE = OnConflict(unique=("item_id",))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSpec(Spec):
    """How news is read.

    `zone` places times without an offset. `known`: since when an item without a `known_at` of its own counts as known:
    "arrival" (when it is loaded) or "published"; `latency` is added to either. `model` names a sentiment model that
    scores new items as they are stored; None leaves them unscored.
    """

    zone: str | None = None
    latency: str = "0s"
    known: KnownNews = "arrival"
    model: str | None = None

    def check(self) -> None:
        """The zone and the latency exist."""
        if self.zone is not None:
            time_zone(self.zone)
        try:
            length = pd.Timedelta(self.latency)
        except ValueError as error:
            raise InvalidInput(f"latency should be a duration such as 0s, 5min or 1D, got {self.latency!r}") from error
        if not length >= pd.Timedelta(0):
            raise InvalidInput(
                f"latency should be at least 0, got {self.latency!r}: nothing is known before it appears"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsLoaded:
    """What a load of news did.

    Of `read` records `new` were stored (of these `late` ones became known before the newest item stored until then,
    `scored` ones got probabilities), `equal` were stored already and `refused` are dead letters. `reason` says why the
    load stopped early; empty when it did not.
    """

    feed: str
    read: int = 0
    new: int = 0
    late: int = 0
    scored: int = 0
    equal: int = 0
    refused: int = 0
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def load_news(
    source: str | Path | Iterable[NewsItem | Mapping[str, Any]],
    *,
    feed: str = "",
    spec: NewsSpec | None = None,
    now: Callable[[], datetime] = timezone.now,
) -> NewsLoaded:
    """Load the news of a file, or of a feed that gives items or records (ticker, text, published_at, ...).

    A few thousand records are one transaction: items, dead letters and the watermark of `feed` (a file's name when left
    out) are stored together, so that a load that was killed is simply run again. An item is known by its ticker,
    source, text and publication time: one that is stored already keeps the time at which it was first known. Late items
    keep their own times. Scores say which version of a model made them; they never change when an item was known.

    Raises NotFound for a file or model that is not there, InvalidNews for a file that is no table of news or most of
    whose records break a rule, Unavailable when the database stays away; what was stored until then stays.
    """
    wanted = NewsSpec() if spec is None else spec
    moment = now()
    name = feed or (Path(source).name if isinstance(source, str | Path) else "feed")
    job = _NewsLoad(
        feed=name[:200],
        gate=NewsGate(
            now_ns=int(pd.Timestamp(moment).as_unit("ns").value), zone=wanted.zone, latency=wanted.latency,
            known=wanted.known,
        ),
        model=None if wanted.model is None else load_model(wanted.model),
        moment=moment,
    )  # fmt: skip
    done = NewsLoaded(feed=job.feed)
    for items, refused in job.pieces(source):
        done = _sum(done, patiently(partial(job.store, items, refused)))
    return done


def _refuse_most(source: str | Path, items: list[NewsItem], refused: list[RefusedNews]) -> None:
    """A file most of whose records break a rule is mistaken as a whole: that is one error, not a million letters."""
    count = len(items) + len(refused)
    if count >= _TELLING and len(refused) > MOST_REFUSED_SHARE * count:
        rules = ", ".join(sorted({one.rule for one in refused}))
        raise InvalidNews(
            f"{source}: {len(refused)} of {count} records break a rule ({rules}), the first: {refused[0].reason}; look "
            "at the columns, the zone and the latency"
        )


def _sum(one: NewsLoaded, other: NewsLoaded) -> NewsLoaded:
    counts = ("read", "new", "late", "scored", "equal", "refused")
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in counts})


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewsLoad:
    """One call of `load_news`."""

    feed: str
    gate: NewsGate
    model: SentimentModel | None
    moment: datetime

    def pieces(
        self, source: str | Path | Iterable[NewsItem | Mapping[str, Any]]
    ) -> Iterator[tuple[list[NewsItem], list[RefusedNews]]]:
        """Items and refused records, a few thousand at a time."""
        if isinstance(source, str | Path):
            for rows in news_rows(source):
                items, refused = self.gate.records(rows)
                _refuse_most(source, items, refused)
                yield items, refused
            return
        records = iter(source)
        while some := list(islice(records, _AT_ONCE)):
            items, refused = self.gate.items([one for one in some if isinstance(one, NewsItem)])
            raw = [dict(one) for one in some if not isinstance(one, NewsItem)]
            more, others = self.gate.records(NewsRows(frame=table_of(raw, complete=True)))
            yield items + more, refused + others

    def store(self, items: list[NewsItem], refused: list[RefusedNews]) -> NewsLoaded:
        """Store some items, the dead letters beside them and the watermark, all or nothing."""
        mark = Mark(source="news", kind="news", subject=self.feed)
        once = {item.id: item for item in sorted(items, key=lambda item: -item.known_at_ns)}  # the earliest stays
        with explained("store news"):
            known = set(News.objects.filter(item_id__in=once).values_list("item_id", flat=True))
        unknown = {item_id: item for item_id, item in once.items() if item_id not in known}
        fresh = list(unknown.values())
        columns, rows = self._rows(unknown)
        with explained("store news"), transaction.atomic():
            before = watermark(mark)
            newest = None if before is None else before.last_known_at_ns
            new = insert_rows(News, columns, rows, on_conflict=_ONCE)
            record_dead_letters("news", self._letters(refused), now=lambda: self.moment)
            if new:
                move_watermark(
                    mark, last_opened_at_ns=max(item.published_at_ns for item in fresh),
                    last_known_at_ns=max(item.known_at_ns for item in fresh), now=lambda: self.moment,
                )  # fmt: skip
        late = 0 if newest is None else sum(item.known_at_ns < newest for item in fresh)
        return NewsLoaded(
            feed=self.feed, read=len(items) + len(refused), new=new, late=min(late, new), equal=len(items) - new,
            scored=0 if self.model is None else new, refused=len(refused),
        )  # fmt: skip

    def _rows(self, items: Mapping[str, NewsItem]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        rows = [
            (item_id, item.ticker, item.source, item.text, item.published_at_ns, item.known_at_ns)
            for item_id, item in items.items()
        ]
        if self.model is None:
            return _COLUMNS, rows
        scores = self.model.score([item.text for item in items.values()]).tolist()
        version = f"{self.model.name}@{self.model.version}"[:200]
        return _COLUMNS + _SCORES, [(*row, *score, version) for row, score in zip(rows, scores, strict=True)]

    def _letters(self, refused: list[RefusedNews]) -> list[Letter]:
        return [
            Letter(
                kind="news", subject=one.ticker or self.feed, rule=one.rule, reason=one.reason,
                payload={"form": "item", "record": dict(one.record), "feed": self.feed, "zone": self.gate.zone,
                         "latency": self.gate.latency, "known": self.gate.known},
                identity=one.record,
            )
            for one in refused
        ]  # fmt: skip
