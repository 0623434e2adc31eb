"""Experiments between versions of a model."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils import timezone
from unfold.decorators import display

from augury_server.experiments.listing import standing_of
from augury_server.experiments.models import Experiment
from augury_server.experiments.running import overtaken
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, percent
from augury_server.web.admin.filters import exactly
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["ExperimentAdmin"]

_COLOURS = {"running": "success", "ended": "warning", "overtaken": "danger", "stopped": "info"}


@admin.register(Experiment, site=site)
class ExperimentAdmin(PlatformAdmin):
    """Experiments, newest first; green is in force, amber and red wait for being stopped."""

    section = "Models"
    icon = "science"
    list_display = ("name", "standing", "model", "versions", "mode", "treated", "unit", "started_by", "started", "ends")
    list_select_related = ("model", "control", "treatment")
    list_filter: ClassVar = ("state", exactly("model__name", "model"))
    search_fields = ("name__exact", "model__name__exact")
    search_help_text = "An experiment or a model, exactly"
    ordering = ("-id",)
    hidden = ("started_sequence",)
    buttons = (
        Button(
            operation="experiments.start", label="Start an experiment", rows=False, icon="science", variant="primary",
            ask=("name", "model", "treatment", "mode", "share", "unit", "days", "reason"),
        ),
        Button(
            operation="experiments.stop", label="Stop", options=lambda row: {"name": row.name}, ask=("reason",),
            icon="stop_circle", variant="warning", offered=lambda row: row.state == "running",
        ),
    )  # fmt: skip

    treated = percent("share", "treated")
    started = ago("started_at", "started")
    ends = ago("ends_at", "planned end")

    def get_queryset(self, request: Any) -> Any:
        """With what the registry did since."""
        return super().get_queryset(request).annotate(is_overtaken=overtaken())

    @display(description="state", label=_COLOURS)  # type: ignore[untyped-decorator]
    def standing(self, row: Experiment) -> str:
        """In force, over, or stopped."""
        return standing_of(row, timezone.now())

    @display(description="versions")  # type: ignore[untyped-decorator]
    def versions(self, row: Experiment) -> str:
        """The treatment and what it is compared with."""
        return f"{row.treatment.number} against {row.control.number}"
