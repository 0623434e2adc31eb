"""How long jobs that have ended, workers that have gone and changes of scale are kept; and answers, for a day."""

from __future__ import annotations

from django.db.models import Q

from augury_server.database.retention import Retention, register_retention
from augury_server.jobs.models import ENDED, Job, KeptAnswer, ScalingEvent, Worker, WorkerState

__all__ = ["RULES"]

_SETTING = "retention.jobs_days"
_GONE = (WorkerState.STOPPED, WorkerState.LOST)

RULES = (
    Retention(name="jobs", model=Job, time_field="ended_at", setting=_SETTING, condition=Q(state__in=ENDED)),
    Retention(name="jobs.scaling", model=ScalingEvent, time_field="at", setting=_SETTING),
    Retention(
        name="jobs.workers",
        model=Worker,
        time_field="last_seen_at",
        setting=_SETTING,
        condition=Q(state__in=_GONE),
    ),
    Retention(name="jobs.answers", model=KeptAnswer, time_field="created_at", setting="api.answers_days"),
)
"""The history of a job goes with it."""

for _rule in RULES:
    register_retention(_rule)
