"""News in the database: items in, each once; items out, as they were known at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from augury.errors import InvalidInput
from augury.market import NewsItem, iso
from augury_server.database.bulk import OnConflict, insert_rows
from augury_server.database.explaining import explained
from augury_server.ingest.models import News

__all__ = ["news_of", "store_news", "stored_news"]

_COLUMNS = ("item_id", "ticker", "source", "text", "published_at_ns", "known_at_ns")


def store_news(items: Iterable[NewsItem]) -> int:
    """Store items; returns how many were new.

    An item that is stored already keeps the time at which it was first known: seeing it again changes nothing.
    Raises InvalidInput for text with zero bytes or broken Unicode, Unavailable when the database is away or full; then
    none of the items is stored.
    """
    rows = ((item.id, item.ticker, item.source, item.text, item.published_at_ns, item.known_at_ns) for item in items)
    return insert_rows(News, _COLUMNS, rows, on_conflict=OnConflict(unique=("item_id",)))


def stored_news(
    tickers: Sequence[str] | None = None,
    start_ns: int | None = None,
    end_ns: int | None = None,
    known_by_ns: int | None = None,
) -> tuple[NewsItem, ...]:
    """Items of some tickers, or of all, that became known in [start_ns, end_ns) and by `known_by_ns`, ns UTC.

    In order of `known_at_ns`, then of publication and ticker. One query. Raises InvalidInput when start is not before
    end.
    """
    with explained("read news"):
        rows = news_of(tickers, start_ns, end_ns, known_by_ns).values_list(*_COLUMNS[1:])
        return tuple(
            NewsItem(ticker=ticker, source=source, text=text, published_at_ns=published, known_at_ns=known)
            for ticker, source, text, published, known in rows
        )


def news_of(
    tickers: Sequence[str] | None, start_ns: int | None, end_ns: int | None, known_by_ns: int | None
) -> QuerySet[News, Any]:
    """The rows of `stored_news`."""
    if isinstance(tickers, str):
        raise InvalidInput(f"expected several tickers, got the text {tickers!r}; write [{tickers!r}]")
    if start_ns is not None and end_ns is not None and start_ns >= end_ns:
        raise InvalidInput(f"start should be before end, got {iso(start_ns)} and {iso(end_ns)}")
    wanted = Q()
    if tickers is not None:
        wanted &= Q(ticker=tickers[0]) if len(tickers) == 1 else Q(ticker__in=sorted(set(tickers)))
    if start_ns is not None:
        wanted &= Q(known_at_ns__gte=start_ns)
    if end_ns is not None:
        wanted &= Q(known_at_ns__lt=end_ns)
    if known_by_ns is not None:
        wanted &= Q(known_at_ns__lte=known_by_ns)
    return News.objects.filter(wanted).order_by("known_at_ns", "published_at_ns", "ticker", "id")
