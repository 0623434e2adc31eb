"""Market data: instruments, series, bars and their revisions, news, watermarks, dead letters."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from unfold.decorators import display

from augury_server.ingest.models import Bar, BarRevision, DeadLetter, Instrument, News, Series, Watermark
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, figure, moment, state
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = [
    "BarAdmin",
    "BarRevisionAdmin",
    "DeadLetterAdmin",
    "InstrumentAdmin",
    "NewsAdmin",
    "SeriesAdmin",
    "WatermarkAdmin",
]

_OF_SERIES = ("series__instrument__symbol", "series__timeframe")
_VALUES = ("opened_at_ns", "open", "high", "low", "close", "volume", "known_at_ns")


@admin.register(Instrument, site=site)
class InstrumentAdmin(PlatformAdmin):
    """Things with a price; what is known about them may be edited."""

    section = "Market data"
    icon = "monitoring"
    list_display = ("symbol", "name", "kind", "exchange", "currency", "sector")
    list_filter: ClassVar = (exactly("sector", "sector"), exactly("kind", "kind"))
    search_fields = ("symbol", "name")
    sortable = ("symbol",)
    editable = ("name", "kind", "exchange", "currency", "sector")


@admin.register(Series, site=site)
class SeriesAdmin(PlatformAdmin):
    """What is stored of each instrument and timeframe."""

    section = "Market data"
    icon = "ssid_chart"
    buttons = (
        Button(
            operation="ingest.bars", label="Load bars", icon="download", variant="primary", rows=False,
            ask=("source", "symbols", "timeframe", "start", "end", "files"),
        ),
    )  # fmt: skip
    list_display = ("instrument", "timeframe", "count", "first", "last", "updated")
    list_select_related = ("instrument",)
    list_filter: ClassVar = (exactly("timeframe", "timeframe"), since("updated_at", "last write"))
    search_fields = ("instrument__symbol__exact",)
    search_help_text = "A symbol, exactly"
    ordering = ("id",)

    count = figure("bars", "bars")
    first = moment("first_opened_at_ns", "first bar")
    last = moment("last_opened_at_ns", "last bar")
    updated = ago("updated_at", "last write")


class _BarsAdmin(PlatformAdmin):
    section = "Market data"
    list_select_related = ("series__instrument",)
    list_filter: ClassVar = (exactly("series__timeframe", "timeframe"),)
    search_fields = ("series__instrument__symbol__exact",)
    search_help_text = "A symbol, exactly"
    ordering = ("-id",)

    opened = moment("opened_at_ns", "opened")
    known = moment("known_at_ns", "known")
    open_ = figure("open", "open", 6)
    high_ = figure("high", "high", 6)
    low_ = figure("low", "low", 6)
    close_ = figure("close", "close", 6)
    volume_ = figure("volume", "volume", 6)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002
        """Bars of a symbol, by its series, newest first."""
        if not search_term.strip():
            return queryset, False
        series = list(Series.objects.filter(instrument__symbol=search_term.strip()).values_list("pk", flat=True))
        return queryset.filter(series__in=series), False

    def get_ordering(self, request: Any) -> tuple[str, ...]:
        """By time within a symbol; by the order of writing otherwise."""
        return ("series_id", "-opened_at_ns") if request.GET.get("q") else ("-id",)


@admin.register(Bar, site=site)
class BarAdmin(_BarsAdmin):
    """Bars as they are now."""

    icon = "candlestick_chart"
    list_display = ("series", "opened", "open_", "high_", "low_", "close_", "volume_", "known")
    export = (*_OF_SERIES, *_VALUES)


@admin.register(BarRevision, site=site)
class BarRevisionAdmin(_BarsAdmin):
    """Values that bars had before."""

    icon = "restore"
    list_display = ("series", "opened", "open_", "high_", "low_", "close_", "volume_", "known", "replaced")
    export = (*_OF_SERIES, *_VALUES, "replaced_at_ns")

    replaced = moment("replaced_at_ns", "replaced")


@admin.register(News, site=site)
class NewsAdmin(PlatformAdmin):
    """Texts about tickers with their scores, newest first."""

    section = "Market data"
    icon = "newspaper"
    buttons = (
        Button(
            operation="ingest.news", label="Load news", ask=("files", "feed", "latency", "model"), icon="download",
            variant="primary", rows=False,
        ),
    )  # fmt: skip
    list_display = ("ticker", "headline", "source", "published", "known", "positive_", "negative_", "neutral_")
    list_filter: ClassVar = (
        since("known_at_ns", "known time"),
        exactly("ticker", "ticker"),
        exactly("source", "source"),
    )
    search_fields = ("ticker__exact",)
    search_help_text = "A ticker, exactly"
    ordering = ("-known_at_ns",)
    sortable = ("known",)

    published = moment("published_at_ns", "published")
    known = moment("known_at_ns", "known")
    known.admin_order_field = "known_at_ns"
    positive_ = figure("positive", "positive", 2)
    negative_ = figure("negative", "negative", 2)
    neutral_ = figure("neutral", "neutral", 2)

    @display(description="text")  # type: ignore[untyped-decorator]
    def headline(self, row: News) -> str:
        """The beginning of the text."""
        return row.text if len(row.text) <= 90 else f"{row.text[:87]}..."


@admin.register(Watermark, site=site)
class WatermarkAdmin(PlatformAdmin):
    """How far each source is loaded, newest first."""

    section = "Market data"
    icon = "water"
    list_display = ("subject", "kind", "timeframe", "source", "reached", "known", "updated")
    list_filter: ClassVar = (since("updated_at", "last load"), exactly("source", "source"))
    search_fields = ("subject__exact",)
    search_help_text = "A symbol, ticker or feed, exactly"
    ordering = ("-updated_at",)
    sortable = ("updated",)

    reached = moment("last_opened_at_ns", "reached")
    known = moment("last_known_at_ns", "known")
    updated = ago("updated_at", "last load")
    updated.admin_order_field = "updated_at"


@admin.register(DeadLetter, site=site)
class DeadLetterAdmin(PlatformAdmin):
    """What ingest refused, newest first: to be replayed or dismissed."""

    section = "Market data"
    icon = "unsubscribe"
    list_display = ("subject", "rule", "state_label", "reason", "kind", "timeframe", "source", "times_seen", "seen")
    list_filter: ClassVar = ("state", exactly("subject", "subject"), since("last_seen_at", "last time"))
    search_fields = ("subject__exact",)
    search_help_text = "A symbol, ticker or feed, exactly"
    ordering = ("-last_seen_at",)
    sortable = ("seen",)
    hidden = ("fingerprint",)
    buttons = (
        Button(
            operation="ingest.replay", label="Replay", options=lambda row: {"numbers": [row.pk]},
            ask=("mend", "minimum_quality", "reason"), icon="replay", offered=lambda row: row.state == "open",
        ),
        Button(
            operation="ingest.dismiss", label="Dismiss", options=lambda row: {"numbers": [row.pk]}, ask=("reason",),
            icon="close", variant="warning", offered=lambda row: row.state == "open",
        ),
    )  # fmt: skip

    state_label = state("state")
    seen = ago("last_seen_at", "last time")
    seen.admin_order_field = "last_seen_at"
