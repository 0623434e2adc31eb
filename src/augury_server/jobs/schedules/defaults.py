"""Schedules that every platform has: kept rows within their time, outcomes joined when they can be known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from augury.errors import AuguryError, Conflict
from augury_server.jobs.models import Schedule
from augury_server.jobs.schedules.add import ScheduleTerms, add_schedule
from augury_server.telemetry.logs import get_log

__all__ = ["DEFAULTS", "OWNER", "DefaultSchedule", "add_default_schedules"]

log = get_log(__name__)
OWNER = "augury"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultSchedule:
    """A schedule that is added when it is not there: its name, operation and terms."""

    name: str
    operation: str
    terms: ScheduleTerms


DEFAULTS = (
    DefaultSchedule(
        name="retention", operation="db.retain", terms=ScheduleTerms(cron="15 3 * * *", jitter_seconds=600)
    ),
    DefaultSchedule(name="outcomes", operation="universe.outcomes", terms=ScheduleTerms(cron="20 * * * *")),
)
"""Both do what the settings promise and nothing where there is nothing to do, so they are enabled."""


def add_default_schedules(*, now: datetime | None = None) -> tuple[str, ...]:
    """Add the default schedules that are not there; their names. Schedulers do this when they start.

    One that somebody switched off stays so: default schedules are disabled, not removed.
    """
    known = set(Schedule.objects.filter(name__in=[each.name for each in DEFAULTS]).values_list("name", flat=True))
    added = []
    for each in DEFAULTS:
        if each.name in known:
            continue
        try:
            add_schedule(each.name, each.operation, {}, each.terms, by=OWNER, now=now or datetime.now(UTC))
        except Conflict:  # another scheduler was quicker
            continue
        except AuguryError as error:
            log.warning("default schedule not added", schedule=each.name, reason=str(error))
            continue
        added.append(each.name)
    return tuple(added)
