"""A schedule's row and its recurrence."""

from __future__ import annotations

from datetime import datetime

from augury.errors import NotFound, nearest
from augury_server.jobs.models import Schedule
from augury_server.jobs.schedules.cron import Cron
from augury_server.jobs.schedules.recurrence import Recurrence
from augury_server.jobs.submit import Terms

__all__ = ["find_schedule", "recurrence_of", "terms_of"]


def find_schedule(name: str) -> Schedule:
    """The schedule of that name; NotFound, with the nearest names, when there is none."""
    found = Schedule.objects.filter(name=name).first()
    if found is None:
        known = Schedule.objects.values_list("name", flat=True)
        hint = nearest(name, known) if known else "there are none yet; augury schedules add makes one"
        raise NotFound(f"no schedule is named {name!r}; {hint}")
    return found


def recurrence_of(schedule: Schedule) -> Recurrence:
    """When the schedule occurs; InvalidInput when its row holds no rule."""
    cron = Cron(expression=schedule.cron, time_zone=schedule.time_zone) if schedule.cron else None
    return Recurrence(start=schedule.created_at, cron=cron, every_seconds=schedule.every_seconds)


def terms_of(schedule: Schedule, *, run_at: datetime | None = None) -> Terms:
    """The terms of the schedule's jobs."""
    return Terms(
        run_at=run_at,
        queue=schedule.queue,
        max_attempts=schedule.max_attempts,
        timeout_seconds=schedule.timeout_seconds,
    )
