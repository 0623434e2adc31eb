"""Remove schedules, switch them on and off, run one now."""

from __future__ import annotations

from datetime import UTC, datetime

from augury.errors import Refused
from augury_server.accounts.actor import current_actor
from augury_server.jobs.models import Job, Schedule
from augury_server.jobs.schedules.defaults import DEFAULTS, OWNER
from augury_server.jobs.schedules.rows import find_schedule, recurrence_of, terms_of
from augury_server.jobs.submit import submit

__all__ = ["disable_schedule", "enable_schedule", "remove_schedule", "run_now"]


def remove_schedule(name: str) -> None:
    """Delete a schedule; jobs that it submitted stay. Raises NotFound, and Refused for one that every platform has."""
    schedule = find_schedule(name)
    if schedule.by == OWNER and any(each.name == name for each in DEFAULTS):
        raise Refused(f"{name} is a schedule that every platform has; disable it instead")
    schedule.delete()


def disable_schedule(name: str) -> Schedule:
    """Submit nothing any more until it is enabled again. Raises NotFound."""
    schedule = find_schedule(name)
    Schedule.objects.filter(pk=schedule.pk).update(enabled=False, updated_at=datetime.now(UTC))
    schedule.refresh_from_db()
    return schedule


def enable_schedule(name: str, *, now: datetime | None = None) -> Schedule:
    """Submit again, from the first occurrence after now on; what passed meanwhile is not made up for.

    On a schedule that is enabled it only finds that occurrence anew: the way to wake one whose next run was put far
    into the future by a clock that was wrong. Raises NotFound.
    """
    schedule = find_schedule(name)
    following = recurrence_of(schedule).next_after(now or datetime.now(UTC))
    Schedule.objects.filter(pk=schedule.pk).update(
        enabled=True, next_run_at=following, problem="", updated_at=datetime.now(UTC)
    )
    schedule.refresh_from_db()
    return schedule


def run_now(name: str, *, by: str = "") -> Job:
    """Submit the schedule's operation at once, beside its occurrences, enabled or not. Raises NotFound."""
    schedule = find_schedule(name)
    job = submit(schedule.operation, schedule.options, by=by or current_actor(), terms=terms_of(schedule))
    Schedule.objects.filter(pk=schedule.pk).update(last_job=job)
    return job
