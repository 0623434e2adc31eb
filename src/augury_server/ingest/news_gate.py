"""Which news records are items that may be stored, and since when they count as known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from augury.errors import InvalidNews
from augury.market.columns import NEWS_SPELLINGS, find_columns
from augury.market.news import NewsItem
from augury.market.news_tables import news_from_frame
from augury.market.tables import shown_columns
from augury.market.times import iso
from augury_server.ingest.news_rows import NewsRows, RefusedNews, plain_record

__all__ = ["KnownNews", "NewsGate"]

KnownNews: TypeAlias = Literal["arrival", "published"]

_LONGEST_NAME = 200
_RULES = {
    "expected ticker": "no_ticker",
    "expected text": "no_text",
    "expected a publication time": "no_time",
    "expected known_at at or after": "known_before_published",
    "expected a time of day": "day_only",
}
_ARRIVING = {"expected known_at at or after": "future"}  # known now and published later


def _is_storable(words: str) -> bool:
    try:
        words.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\0" not in words


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsGate:
    """How records become items.

    A record's own `known_at` stands, however late it comes. One without it is known when it arrives (`now_ns`, plus the
    latency); with `known` = "published" when it was published plus the latency: that claims of an archive that somebody
    would have read it then. Nothing is published after `now_ns`: such an item is refused.
    """

    now_ns: int
    zone: str | None = None
    latency: str = "0s"
    known: KnownNews = "arrival"

    def records(self, rows: NewsRows) -> tuple[list[NewsItem], list[RefusedNews]]:
        """Items and refused records of some rows. Raises InvalidNews when the table lacks a column."""
        refused = list(rows.refused)
        if rows.frame.empty:
            return [], refused
        told, arriving, written = self._parts(rows.frame)
        kept, others = self.items(self._read(told, refused, _RULES))
        more, late = self.items(self._read(arriving, refused, _RULES | _ARRIVING, without=written), arriving=True)
        return kept + more, refused + others + late

    def _read(
        self, frame: pd.DataFrame, refused: list[RefusedNews], rules: Mapping[str, str], *, without: str = ""
    ) -> list[NewsItem]:
        """The items of a table; it is halved until the rows that are none stand alone.

        `without` is a column that the gate wrote and the record did not have.
        """
        items: list[NewsItem] = []
        waiting = [frame] if len(frame) else []
        while waiting:
            part = waiting.pop()
            try:
                items += news_from_frame(part, zone=self.zone, latency=self.latency)
            except InvalidNews as problem:
                if len(part) == 1:
                    rule = next((rule for start, rule in rules.items() if str(problem).startswith(start)), "unreadable")
                    record = plain_record(part.iloc[0].to_dict())
                    record.pop(without, None)
                    refused.append(RefusedNews(rule=rule, reason=str(problem), record=record))
                    continue
                middle = len(part) // 2
                waiting += [part.iloc[middle:], part.iloc[:middle]]
        return items

    def items(self, items: Sequence[NewsItem], *, arriving: bool = False) -> tuple[list[NewsItem], list[RefusedNews]]:
        """The items that may be stored, and those that come from the future or do not fit into a table.

        Of `arriving` ones the known time is the gate's, and not part of what came.
        """
        kept: list[NewsItem] = []
        refused: list[RefusedNews] = []
        for item in items:
            rule, reason = self._broken(item)
            if not rule:
                kept.append(item)
                continue
            record = {
                "ticker": item.ticker, "text": item.text, "source": item.source,
                "published_at": iso(item.published_at_ns),
                **({} if arriving else {"known_at": iso(item.known_at_ns)}),
            }  # fmt: skip
            refused.append(RefusedNews(rule=rule, reason=reason, record=plain_record(record)))
        return kept, refused

    def _broken(self, item: NewsItem) -> tuple[str, str]:
        if item.published_at_ns > self.now_ns:
            return (
                "future",
                f"published {iso(item.published_at_ns)}, after now ({iso(self.now_ns)}): a wrong clock or zone",
            )
        if max(len(item.ticker), len(item.source)) > _LONGEST_NAME:
            return "long_name", f"ticker and source have at most {_LONGEST_NAME} characters"
        if not (item.ticker.strip() and item.text.strip()):
            return "no_text", "an item has a ticker and a text"
        if not _is_storable(item.ticker + item.source + item.text):
            return "unstorable_text", "the text holds zero bytes or broken Unicode"
        return "", ""

    def _parts(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
        """Rows that say when they were known, or are dated by rule; rows known from now on; where that is written."""
        columns = find_columns(frame.columns, NEWS_SPELLINGS, error=InvalidNews)
        missing = [name for name in ("ticker", "text", "published_at") if name not in columns]
        if missing:
            raise InvalidNews(
                f"expected columns ticker, text and published_at; missing {', '.join(missing)} among: "
                f"{shown_columns(frame)}; rename or add them"
            )
        if self.known == "published":
            return frame, frame.iloc[:0], ""
        name = str(columns.get("known_at", "known_at"))
        arrival = iso(self.now_ns + int(pd.Timedelta(self.latency).as_unit("ns").value))
        if "known_at" not in columns:
            return frame.iloc[:0], frame.assign(**{name: arrival}), name
        given = frame[columns["known_at"]].notna()
        return frame[given], frame[~given].assign(**{name: arrival}), name
