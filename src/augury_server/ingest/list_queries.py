"""The lists of instruments, bars, news and what ingest keeps about them, for the check of their plans."""

from __future__ import annotations

from augury_server.database.list_queries import register_list_query
from augury_server.ingest.dead_letters import dead_letters
from augury_server.ingest.models import Bar, BarRevision, Instrument, News, Series, Watermark
from augury_server.ingest.stored_news import news_of

__all__: list[str] = []

_PAGE = 100
_DAY_NS = 86_400 * 10**9

register_list_query("ingest.instruments", lambda: Instrument.objects.order_by("symbol")[:_PAGE])
register_list_query(
    "ingest.instruments_of_sector", lambda: Instrument.objects.filter(sector="energy").order_by("symbol")[:_PAGE]
)
register_list_query(
    "ingest.instruments_of_kind", lambda: Instrument.objects.filter(kind="equity").order_by("symbol")[:_PAGE]
)
register_list_query("ingest.series_newest", lambda: Series.objects.order_by("-updated_at")[:_PAGE])
register_list_query("ingest.series_of_instrument", lambda: Series.objects.filter(instrument=1).order_by("timeframe"))
register_list_query("ingest.bars", lambda: Bar.objects.order_by("-id")[:_PAGE])
register_list_query("ingest.bars_of_series", lambda: Bar.objects.filter(series=1).order_by("-opened_at_ns")[:_PAGE])
register_list_query(
    "ingest.bars_of_series_between",
    lambda: Bar.objects.filter(series=1, opened_at_ns__gte=0, opened_at_ns__lt=30 * _DAY_NS).order_by("opened_at_ns"),
)
register_list_query(
    "ingest.revisions_of_series", lambda: BarRevision.objects.filter(series=1).order_by("-opened_at_ns")[:_PAGE]
)
register_list_query("ingest.news_newest", lambda: News.objects.order_by("-known_at_ns")[:_PAGE])
register_list_query(
    "ingest.news_of_ticker", lambda: News.objects.filter(ticker="AAPL").order_by("-known_at_ns")[:_PAGE]
)
register_list_query(
    "ingest.news_of_source", lambda: News.objects.filter(source="wire").order_by("-known_at_ns")[:_PAGE]
)
register_list_query("ingest.news_known", lambda: news_of(["AAPL"], 0, 30 * _DAY_NS, 20 * _DAY_NS))
register_list_query("ingest.news_of_tickers", lambda: news_of(["AAPL", "MSFT"], 0, 30 * _DAY_NS, None))
register_list_query("ingest.news_between", lambda: news_of(None, 0, _DAY_NS, None))
register_list_query(
    "ingest.news_without_scores",
    lambda: News.objects.filter(positive__isnull=True).order_by("known_at_ns")[:_PAGE],
)
register_list_query("ingest.dead_letters", lambda: dead_letters(state=None)[:_PAGE])
register_list_query("ingest.dead_letters_open", lambda: dead_letters()[:_PAGE])
register_list_query("ingest.dead_letters_of_subject", lambda: dead_letters(state=None, subject="AAPL")[:_PAGE])
register_list_query("ingest.watermarks", lambda: Watermark.objects.order_by("-updated_at")[:_PAGE])
