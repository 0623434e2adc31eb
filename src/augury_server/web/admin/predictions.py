"""Predictions with what came of them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from unfold.decorators import display

from augury_server.predictions.models import Prediction
from augury_server.web.admin.cells import ago, figure, moment
from augury_server.web.admin.filters import exactly, since
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["PredictionAdmin"]


@admin.register(Prediction, site=site)
class PredictionAdmin(PlatformAdmin):
    """What model versions said, newest first."""

    section = "Models"
    icon = "online_prediction"
    list_display = ("version", "symbol", "bar", "decision", "shares", "outcome", "value", "latency_us", "made")
    list_filter: ClassVar = (
        since("made_at", "time"),
        exactly("model_name", "model"),
        exactly("symbol", "symbol"),
    )
    search_fields = ("model_name__exact", "symbol__exact")
    search_help_text = "A model or a symbol, exactly"
    ordering = ("-made_at", "-id")
    sortable = ("made",)

    bar = moment("bar_opened_at_ns", "bar")
    value = figure("outcome_value", "came", 3)
    made = ago("made_at", "made")
    made.admin_order_field = "made_at"

    @display(description="model")  # type: ignore[untyped-decorator]
    def version(self, row: Prediction) -> str:
        """Name and version."""
        return f"{row.model_name}@{row.model_version}"

    @display(description="probabilities")  # type: ignore[untyped-decorator]
    def shares(self, row: Prediction) -> str:
        """In the order of the model's classes, most bearish first."""
        return " / ".join(f"{each:.2f}" for each in row.probabilities)
