"""Lists of experiments, newest first, each with how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from django.db.models import QuerySet

from augury_server.experiments.models import Experiment
from augury_server.experiments.running import overtaken

__all__ = ["Standing", "list_experiments", "standing_of"]

Standing: TypeAlias = Literal["running", "ended", "overtaken", "stopped"]


def list_experiments(model_name: str | None = None, *, state: str | None = None) -> QuerySet[Any, Any]:
    """Experiments, newest first, with their model and versions, and `is_overtaken` by the registry; one query."""
    rows = Experiment.objects.select_related("model", "control", "treatment").order_by("-id")
    if model_name is not None:
        rows = rows.filter(model__name=model_name)
    if state is not None:
        rows = rows.filter(state=state)
    return rows.annotate(is_overtaken=overtaken())


def standing_of(experiment: Any, moment: datetime) -> Standing:
    """How an experiment of `list_experiments` stands.

    "running" is in force; "ended" is past its planned end, "overtaken" by a promotion or an archival: both are out of
    force and wait for being stopped, or for the next experiment of the model, which stops them.
    """
    if experiment.state == "stopped":
        return "stopped"
    if experiment.is_overtaken:
        return "overtaken"
    return "ended" if experiment.ends_at <= moment else "running"
