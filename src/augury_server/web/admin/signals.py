"""Signals with what came of them, the universes they are made for and the runs that made them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from unfold.decorators import display

from augury_server.signals.models import Outcome, SignalRun, StoredSignal, Universe
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, duration_text, figure, moment, percent, state
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["OutcomeAdmin", "SignalRunAdmin", "StoredSignalAdmin", "UniverseAdmin"]


def _named(row: Any) -> dict[str, Any]:
    return {"name": row.name}


@admin.register(StoredSignal, site=site)
class StoredSignalAdmin(PlatformAdmin):
    """Signals, newest first."""

    section = "Signals"
    icon = "campaign"
    menu = "Signals"
    list_display = (
        "ticker", "type_label", "sure", "risk", "at", "timeframe", "close_", "p", "size", "rule_code", "universe",
    )  # fmt: skip
    list_filter: ClassVar = (
        "signal_type",
        since("timestamp_ns", "time"),
        exactly("ticker", "ticker"),
        exactly("rule_code", "rule"),
        exactly("universe", "universe"),
    )
    search_fields = ("ticker__exact",)
    search_help_text = "A ticker, exactly"
    ordering = ("-timestamp_ns", "id")
    sortable = ("at",)

    type_label = state("signal_type", "signal")
    risk = state("risk_level", "risk")
    sure = percent("confidence", "confidence", 0)
    at = moment("timestamp_ns", "time")
    at.admin_order_field = "timestamp_ns"
    close_ = figure("close", "close", 6)
    p = percent("p_up", "P(up)", 0)
    size = percent("suggested_position_size", "size")

    def get_queryset(self, request: Any) -> Any:
        """Without provenance where a list is shown."""
        rows = super().get_queryset(request)
        listing = request.resolver_match is not None and request.resolver_match.url_name.endswith("_changelist")
        return rows.defer("provenance", "reasons") if listing else rows


@admin.register(Outcome, site=site)
class OutcomeAdmin(PlatformAdmin):
    """What came of signals, latest horizon first."""

    section = "Signals"
    icon = "flag"
    buttons = (
        Button(operation="universe.outcomes", label="Join outcomes", rows=False, icon="join", variant="primary"),
        Button(
            operation="universe.performance", label="Performance", ask=("name", "by", "horizon", "since"), rows=False,
            icon="leaderboard",
        ),
    )  # fmt: skip
    list_display = ("signal", "horizon_bars", "state_label", "matures", "net", "forward", "hit", "best", "worst")
    list_select_related = ("signal",)
    list_filter: ClassVar = ("state", since("matures_at_ns", "maturity"))
    ordering = ("-matures_at_ns", "id")
    sortable = ("matures",)

    state_label = state("state")
    matures = moment("matures_at_ns", "matures")
    matures.admin_order_field = "matures_at_ns"
    net = percent("net_return", "net return", 2)
    forward = percent("forward_return", "return", 2)
    best = percent("max_favourable", "best", 2)
    worst = percent("max_adverse", "worst", 2)


@admin.register(SignalRun, site=site)
class SignalRunAdmin(PlatformAdmin):
    """Times that a universe was judged, newest first."""

    section = "Signals"
    icon = "directions_run"
    menu = "Runs"
    list_display = (
        "name",
        "state_label",
        "timeframe",
        "as_of",
        "symbols",
        "stored",
        "not_judged",
        "by",
        "started",
        "took",
    )
    list_filter: ClassVar = ("state", exactly("universe", "universe"), since("started_at", "start"))
    search_fields = ("universe__exact",)
    search_help_text = "A universe, exactly"
    ordering = ("-started_at",)
    sortable = ("started",)

    state_label = state("state")
    as_of = moment("at_ns", "as of")
    started = ago("started_at", "started")
    started.admin_order_field = "started_at"

    @display(description="universe")  # type: ignore[untyped-decorator]
    def name(self, row: SignalRun) -> str:
        """The universe, or that symbols were named one by one."""
        return (row.universe or "named symbols") + (f", part {row.part}" if row.part else "")

    @display(description="refused")  # type: ignore[untyped-decorator]
    def not_judged(self, row: SignalRun) -> int:
        """How many symbols were not judged."""
        return len(row.refused)

    @display(description="took")  # type: ignore[untyped-decorator]
    def took(self, row: SignalRun) -> str:
        """From its start to its end."""
        return "-" if row.ended_at is None else duration_text((row.ended_at - row.started_at).total_seconds())


@admin.register(Universe, site=site)
class UniverseAdmin(PlatformAdmin):
    """Symbols that are judged together."""

    section = "Signals"
    icon = "public"
    list_display = ("name", "count", "timeframe", "model_name", "model_alias", "enabled", "changed")
    list_filter: ClassVar = ("enabled",)
    search_fields = ("name",)
    sortable = ("name",)
    buttons = (
        Button(
            operation="universe.add", label="Add a universe", icon="add", variant="primary", rows=False,
            ask=("name", "symbols", "timeframe", "context", "sentiment", "model", "horizons", "overwrite"),
        ),
        Button(
            operation="universe.generate", label="Generate signals", options=_named, ask=("only", "last", "jobs"),
            icon="bolt", variant="primary",
        ),
        Button(operation="universe.remove", label="Remove", options=_named, icon="delete", variant="danger"),
    )  # fmt: skip

    changed = ago("changed_at", "changed")

    @display(description="symbols")  # type: ignore[untyped-decorator]
    def count(self, row: Universe) -> str:
        """How many symbols, or that all are meant."""
        return str(len(row.symbols)) if row.symbols else "all with bars"
