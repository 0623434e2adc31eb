"""Which experiments are in force: what serving asks every few seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from augury_server.database.explaining import explained
from augury_server.experiments.models import Experiment
from augury_server.experiments.running_experiment import RunningExperiment
from augury_server.registry.applying import Clock, utc_now
from augury_server.registry.models import Transition

__all__ = ["overtaken", "running", "running_query"]

_COLUMNS = (
    "name", "model__name", "control__number", "treatment__number", "mode", "unit", "share", "salt", "ends_at",
    "is_overtaken",
)  # fmt: skip


def running(model_name: str | None = None, *, now: Clock = utc_now) -> tuple[RunningExperiment, ...]:
    """Experiments that are in force now, one a model at most, by model; of one model when it is named. One query.

    An experiment is in force from its start until it is stopped, its planned end comes, another version becomes
    champion (even if the control does again later), or its treatment is archived: what the registry says is never
    overridden. Raises Unavailable when the database is away.
    """
    with explained("read which experiments run"):
        rows = list(running_query(now(), model_name).values_list(*_COLUMNS))
    return tuple(
        RunningExperiment(
            name=name, model_name=model, control=control, treatment=treatment, mode=mode, unit=unit, share=share,
            salt=salt, ends_at=ends_at,
        )
        for name, model, control, treatment, mode, unit, share, salt, ends_at, is_overtaken in rows
        if not is_overtaken
    )  # fmt: skip


def running_query(moment: datetime, model_name: str | None = None) -> QuerySet[Any, Any]:
    """The rows that `running` looks at, a model's one at most, each with whether it `is_overtaken`."""
    rows = Experiment.objects.filter(state="running", ends_at__gt=moment).annotate(is_overtaken=overtaken())
    if model_name is not None:
        rows = rows.filter(model__name=model_name)
    return rows.order_by("model__name")


def overtaken() -> Exists:
    """Whether the registry went on since the start: another champion, or the treatment archived."""
    since = Transition.objects.filter(model=OuterRef("model"), sequence__gt=OuterRef("started_sequence"))
    other = Q(champion__isnull=True) | ~Q(champion=OuterRef("control"))
    archived = Q(kind="archive", from_version=OuterRef("treatment"))
    return Exists(since.filter(other | archived))
