"""How the engine takes news in: scored once, prepared once, fingerprinted, and remembered."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput, InvalidNews
from augury.market.news import NewsItem
from augury.numerics.fingerprint import hexadecimal
from augury.sentiment.model import SentimentModel
from augury.sentiment.models import load_model
from augury.sentiment.panel import AccumulatedNews, PanelSpec, accumulate
from augury.sentiment.score_cache import CachedModel, ScoreCache
from augury.sentiment.scored_news import PreparationSpec, prepare
from augury.signals.fingerprints import news_fingerprints

__all__ = ["NO_NEWS", "NewsReader", "PreparedNews"]

_REMEMBERED = 4


@dataclass(frozen=True, slots=True)
class PreparedNews:
    """News scored, ordered, weighed, deduplicated and summed, with the fingerprint after each document and the model.

    `sectors` is the id of the sectors it was summed by. Everything is None when there is no news.
    """

    news: AccumulatedNews | None
    fingerprints: NDArray[np.uint64] | None
    model_version: str | None
    sectors: str | None
    made_with: tuple[str, str] | None

    def fingerprint_at(self, known_at_ns: int) -> str | None:
        """Fingerprint of every document known by then; None when there was none."""
        if self.news is None or self.fingerprints is None:
            return None
        count = int(np.searchsorted(self.news.news.known_at_ns, known_at_ns, side="right"))
        if count == 0:
            return None
        return hexadecimal(self.fingerprints[count])


NO_NEWS = PreparedNews(None, None, None, None, None)


class NewsReader:
    """Scores and prepares news; remembers the last few sets of items, so passing the same news again costs little."""

    def __init__(
        self, preparation: PreparationSpec, panel: PanelSpec, sectors: Mapping[str, str], model: SentimentModel | None
    ) -> None:
        self._preparation = preparation
        self._panel = panel
        self.sectors = sectors
        self._made_with = (preparation.id, panel.id)
        self.sectors_id = _id_of(sectors)
        self._given = model
        self._cached: SentimentModel | None = None
        self._lock = threading.Lock()
        self._remembered: dict[int, tuple[tuple[NewsItem, ...], PreparedNews]] = {}

    @property
    def model(self) -> SentimentModel:
        """The model with its cache of scores; the embedded default is loaded on first use."""
        with self._lock:
            if self._cached is None:
                given = load_model("embedded") if self._given is None else self._given
                self._cached = CachedModel(given, ScoreCache())
            return self._cached

    @property
    def model_version(self) -> str:
        """Name and version of the model, as stamped on signals."""
        return f"{self.model.name}@{self.model.version}"

    def read(self, news: Sequence[NewsItem] | PreparedNews | None) -> PreparedNews:
        """Prepare news, or find it prepared already.

        Raises InvalidNews for what is no NewsItem, InvalidInput for news prepared with other options or sectors.
        """
        if news is None:
            return NO_NEWS
        if isinstance(news, PreparedNews):
            return self._own(news)
        items = tuple(news)
        if not items:
            return NO_NEWS
        key = hash(tuple(map(id, items)))
        known = self._remembered.get(key)
        if known is not None and len(known[0]) == len(items) and all(map(_is, known[0], items)):
            return known[1]
        for position, item in enumerate(items):
            if not isinstance(item, NewsItem):
                raise InvalidNews(
                    f"expected NewsItem records, got {type(item).__name__} at position {position}; read files with "
                    "augury.market.read_news"
                )
        scored = prepare(items, self.model.score([item.text for item in items]), self._preparation)
        identities = [items[i].id for i in scored.item_index]
        prepared = PreparedNews(
            accumulate(scored, self.sectors, self._panel),
            news_fingerprints(identities, scored.known_at_ns),
            self.model_version,
            self.sectors_id,
            self._made_with,
        )
        with self._lock:
            while len(self._remembered) >= _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[key] = (items, prepared)
        return prepared

    def _own(self, news: PreparedNews) -> PreparedNews:
        if news.news is not None and (news.made_with, news.sectors) != (self._made_with, self.sectors_id):
            raise InvalidInput(
                "this news was prepared by an engine with other sectors or sentiment options; prepare it with "
                "prepare_news of this engine"
            )
        return news


def _id_of(sectors: Mapping[str, str]) -> str | None:
    if not sectors:
        return None
    canonical = json.dumps(sorted(sectors.items()), separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _is(one: object, other: object) -> bool:
    return one is other
