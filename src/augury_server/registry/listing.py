"""Lists of models, versions and transitions."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery

from augury_server.registry.models import ModelVersion, RegisteredModel, Transition

__all__ = ["list_models", "list_transitions", "list_versions"]


def list_models() -> QuerySet[Any, Any]:
    """Models by name, with `count` and `newest` of their versions and the `champion`'s number and artefact."""
    own = ModelVersion.objects.filter(model=OuterRef("pk"))
    champion = own.filter(stage="champion")
    return RegisteredModel.objects.order_by("name").annotate(
        count=Subquery(_one(own, Count("id"))),
        newest=Subquery(_one(own, Max("number"))),
        champion=Subquery(champion.values("number")[:1]),
        champion_artefact=Subquery(champion.values("artefact_id")[:1]),
    )


def list_versions(name: str) -> QuerySet[ModelVersion]:
    """Versions of a model, newest first, with their model and parent."""
    rows = ModelVersion.objects.filter(model__name=name).select_related("model", "parent__model")
    return rows.order_by("-number")


def list_transitions(name: str) -> QuerySet[Transition]:
    """What was done to a model, newest first."""
    rows = Transition.objects.filter(model__name=name)
    return rows.select_related("from_version", "to_version", "champion").order_by("-sequence")


def _one(rows: QuerySet[ModelVersion], figure: Count | Max) -> QuerySet[Any, Any]:
    return rows.order_by().values("model").annotate(figure=figure).values("figure")
