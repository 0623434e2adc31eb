"""Experiments as plain records, for those who show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from augury_server.database.explaining import explained
from augury_server.experiments.finding import find_experiment
from augury_server.experiments.listing import Standing, list_experiments, standing_of
from augury_server.predictions.models import Prediction
from augury_server.registry.applying import Clock, utc_now
from augury_server.registry.finding import find_model

__all__ = ["ExperimentRecord", "VariantCount", "count_variants", "read_experiment", "read_experiments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRecord:
    """An experiment: its plan, how it stands, who started and stopped it and why. `number` grows with every one."""

    number: int
    name: str
    model: str
    control: int
    treatment: int
    mode: str
    unit: str
    share: float
    salt: str
    standing: Standing
    started_at: datetime
    started_by: str
    reason: str
    ends_at: datetime
    stopped_at: datetime | None
    stopped_by: str
    stop_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantCount:
    """Predictions recorded under an experiment by variant and version; `judged`: those whose outcome is known."""

    variant: str
    version: int
    predictions: int
    judged: int


def read_experiment(name: str, *, now: Clock = utc_now) -> ExperimentRecord:
    """The experiment of that name; NotFound with near names, Unavailable when the database is away."""
    with explained(f"read the experiment {name:.100}"):
        return _record(find_experiment(name), now())


def read_experiments(
    model_name: str | None = None,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 100,
    now: Clock = utc_now,
) -> tuple[ExperimentRecord, ...]:
    """The newest experiments, of a model and in a state where given; `before`: older than that number.

    NotFound for a model that does not exist, Unavailable when the database is away.
    """
    with explained("list experiments"):
        if model_name is not None:
            find_model(model_name)
        rows = list_experiments(model_name, state=state)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found: Iterable[Any] = rows[:limit]
        moment = now()
        return tuple(_record(row, moment) for row in found)


def count_variants(name: str) -> tuple[VariantCount, ...]:
    """What was recorded under an experiment's name, by variant; one query."""
    with explained(f"count the predictions of {name:.100}"):
        rows = Prediction.objects.filter(experiment=name).exclude(experiment="").order_by("variant", "model_version")
        counts = rows.values("variant", "model_version").annotate(
            predictions=Count("id"), judged=Count("outcome_known_at_ns")
        )
        return tuple(
            VariantCount(
                variant=one["variant"], version=one["model_version"], predictions=one["predictions"],
                judged=one["judged"],
            )
            for one in counts
        )  # fmt: skip


def _record(row: Any, moment: datetime) -> ExperimentRecord:
    return ExperimentRecord(
        number=row.pk,
        name=row.name,
        model=row.model.name,
        control=row.control.number,
        treatment=row.treatment.number,
        mode=row.mode,
        unit=row.unit,
        share=row.share,
        salt=row.salt,
        standing=standing_of(row, moment),
        started_at=row.started_at,
        started_by=row.started_by,
        reason=row.reason,
        ends_at=row.ends_at,
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
        stop_reason=row.stop_reason,
    )
