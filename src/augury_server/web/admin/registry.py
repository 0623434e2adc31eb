"""Models: names, versions with their lineage and metrics, aliases, and every transition with who and why."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from unfold.decorators import display

from augury_server.registry.models import Alias, ModelVersion, RegisteredModel, Transition, VersionFile
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.cells import ago, figure, state
from augury_server.web.admin.filters import exactly
from augury_server.web.admin.platform_admin import PlatformAdmin
from augury_server.web.admin.site import site

__all__ = ["AliasAdmin", "ModelVersionAdmin", "RegisteredModelAdmin", "TransitionAdmin", "VersionFileAdmin"]


def _version(row: Any) -> dict[str, Any]:
    return {"name": row.model.name, "version": str(row.number)}


@admin.register(RegisteredModel, site=site)
class RegisteredModelAdmin(PlatformAdmin):
    """Names of models, with their champion."""

    section = "Models"
    icon = "model_training"
    list_display = ("name", "champion", "created_by", "created")
    search_fields = ("name",)
    sortable = ("name",)
    buttons = (
        Button(
            operation="registry.rollback", label="Roll back", options=lambda row: {"name": row.name}, ask=("reason",),
            icon="undo", variant="warning", offered=lambda row: bool(row.former),
        ),
        Button(operation="registry.register", label="Register a version", ask=("folder", "name", "reason"), rows=False,
               icon="upload", variant="primary"),
        Button(operation="registry.verify", label="Verify files", rows=False, icon="verified"),
    )  # fmt: skip

    created = ago("created_at", "created")

    def get_queryset(self, request: Any) -> Any:
        """With the champion of each model, in one more query for all of them."""
        from django.db.models import Prefetch

        champions = ModelVersion.objects.filter(stage="champion").only("model_id", "number")
        return super().get_queryset(request).prefetch_related(Prefetch("versions", champions, to_attr="champions"))

    @display(description="champion", label={"there": "success"})  # type: ignore[untyped-decorator]
    def champion(self, row: Any) -> tuple[str, str] | None:
        """The version that serves."""
        return ("there", f"version {row.champions[0].number}") if row.champions else None


@admin.register(ModelVersion, site=site)
class ModelVersionAdmin(PlatformAdmin):
    """Versions, newest first."""

    section = "Models"
    icon = "deployed_code"
    list_display = (
        "version",
        "stage_label",
        "family",
        "task",
        "timeframe",
        "better",
        "size",
        "registered_by",
        "registered",
    )
    list_select_related = ("model",)
    list_filter: ClassVar = ("stage", exactly("model__name", "model"), exactly("family", "family"))
    search_fields = ("model__name__exact", "artefact_id__exact")
    search_help_text = "A model or an artefact, exactly"
    ordering = ("-id",)
    buttons = (
        Button(
            operation="registry.promote", label="Promote", options=_version, ask=("reason", "force"), icon="trophy",
            variant="primary", offered=lambda row: row.stage not in ("champion", "archived"),
        ),
        Button(
            operation="registry.challenge", label="Challenge", options=_version, ask=("reason",), icon="swords",
            offered=lambda row: row.stage == "candidate",
        ),
        Button(
            operation="registry.demote", label="Demote", options=_version, ask=("reason",), icon="arrow_downward",
            variant="warning", offered=lambda row: row.stage in ("champion", "challenger"),
        ),
        Button(
            operation="registry.archive", label="Archive", options=_version, ask=("reason",), icon="archive",
            offered=lambda row: row.stage in ("candidate", "challenger"),
        ),
        Button(
            operation="registry.restore", label="Restore", options=_version, ask=("reason",), icon="unarchive",
            offered=lambda row: row.stage == "archived",
        ),
    )  # fmt: skip

    stage_label = state("stage")
    registered = ago("registered_at", "registered")

    @display(description="version")  # type: ignore[untyped-decorator]
    def version(self, row: ModelVersion) -> str:
        """Name and number."""
        return str(row)

    @display(description="beats baseline", boolean=True)  # type: ignore[untyped-decorator]
    def better(self, row: ModelVersion) -> bool | None:
        """Its own verdict on held-out time."""
        return row.beats_baseline

    @display(description="size")  # type: ignore[untyped-decorator]
    def size(self, row: ModelVersion) -> str:
        """All files together."""
        return (
            f"{row.size_bytes / 1_000_000:,.1f} MB" if row.size_bytes >= 100_000 else f"{row.size_bytes / 1000:,.1f} kB"
        )


@admin.register(Alias, site=site)
class AliasAdmin(PlatformAdmin):
    """Names for versions."""

    section = "Models"
    icon = "label"
    list_display = ("alias", "version")
    list_select_related = ("version__model", "model")
    search_fields = ("alias",)


@admin.register(Transition, site=site)
class TransitionAdmin(PlatformAdmin):
    """What was done to models, by whom and why, newest first."""

    section = "Models"
    icon = "swap_horiz"
    list_display = ("model", "kind", "from_number", "to_number", "by", "reason", "when")
    list_select_related = ("model", "from_version", "to_version")
    list_filter: ClassVar = ("kind", exactly("model__name", "model"))
    search_fields = ("model__name__exact",)
    search_help_text = "A model, exactly"
    ordering = ("-id",)

    when = ago("at", "when")

    @display(description="from")  # type: ignore[untyped-decorator]
    def from_number(self, row: Transition) -> str:
        """The version before."""
        return "-" if row.from_version is None else str(row.from_version.number)

    @display(description="to")  # type: ignore[untyped-decorator]
    def to_number(self, row: Transition) -> str:
        """The version after."""
        return "-" if row.to_version is None else str(row.to_version.number)


@admin.register(VersionFile, site=site)
class VersionFileAdmin(PlatformAdmin):
    """Files of versions, by their hash."""

    section = "Models"
    icon = "draft"
    list_display = ("name", "version", "size", "sha256")
    list_select_related = ("version__model",)
    search_fields = ("sha256__exact",)
    search_help_text = "A SHA-256, exactly"
    ordering = ("-id",)

    size = figure("size_bytes", "bytes")
