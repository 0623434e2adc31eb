"""What the verbs of schedules do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from augury.errors import Refused
from augury.operations.operation import Operation, Progress, Role
from augury_server.accounts.actor import current_actor, current_role
from augury_server.accounts.api_keys import state_of
from augury_server.accounts.models import ApiKey
from augury_server.accounts.roles import allows, known_role, role_of
from augury_server.jobs.models import Schedule
from augury_server.jobs.operations import runnable_operation
from augury_server.jobs.schedules.add import ScheduleTerms, add_schedule
from augury_server.jobs.schedules.change import disable_schedule, enable_schedule, remove_schedule, run_now
from augury_server.jobs.schedules.rows import find_schedule, recurrence_of
from augury_server.operations.running.jobs import given_options, read_options
from augury_server.operations.schedules import AddOptions, ListOptions, NameOptions
from augury_server.operations.table import Table, counted

__all__ = ["add", "disable", "enable", "list_schedules", "remove", "run"]

OVERDUE = timedelta(seconds=60)
FAR = timedelta(days=400)
_KEY = "key:"
"""What the names of API keys begin with where they act."""


def list_schedules(spec: ListOptions, _: Progress) -> Table:
    """Schedules by name."""
    rows = Schedule.objects.select_related("last_job").order_by("name")
    if spec.enabled:
        rows = rows.filter(enabled=True)
    found, now = list(rows), datetime.now(UTC)
    return Table(
        title=counted(len(found), "schedule"),
        columns=("name", "operation", "when", "state", "next run", "last run", "last job", "by", "problem"),
        rows=tuple(_row(schedule) for schedule in found),
        notes=_notes(found, now),
    )


def add(spec: AddOptions, _: Progress) -> Table:
    """Add a schedule; whoever adds it must be allowed to run its operation."""
    entry = runnable_operation(spec.operation)
    _may_run(entry)
    terms = ScheduleTerms(
        cron=spec.cron,
        every_seconds=spec.every_seconds,
        time_zone=spec.time_zone,
        jitter_seconds=spec.jitter_seconds,
        catch_up=spec.catch_up,
        enabled=not spec.disabled,
        queue=spec.queue,
        max_attempts=spec.max_attempts,
        timeout_seconds=spec.timeout_seconds,
    )
    schedule = add_schedule(spec.name, spec.operation, read_options(entry, spec.option), terms)
    recurrence, zone = recurrence_of(schedule), ZoneInfo(schedule.time_zone)
    moment, following = datetime.now(UTC), []
    for _n in range(3):
        moment = recurrence.next_after(moment)
        following.append(moment.astimezone(zone).isoformat(timespec="seconds"))
    facts = {
        "operation": schedule.operation,
        "options": given_options(schedule.options),
        "next_runs": following,
    }
    return Table(title=f"{schedule.name} was added", facts=facts)


def remove(spec: NameOptions, _: Progress) -> Table:
    """Delete a schedule."""
    remove_schedule(spec.name)
    return Table(title=f"{spec.name} was removed", facts={"name": spec.name})


def enable(spec: NameOptions, _: Progress) -> Table:
    """Switch a schedule on."""
    schedule = find_schedule(spec.name)
    _may_run(runnable_operation(schedule.operation))
    return _state(enable_schedule(spec.name))


def disable(spec: NameOptions, _: Progress) -> Table:
    """Switch a schedule off."""
    return _state(disable_schedule(spec.name))


def run(spec: NameOptions, _: Progress) -> Table:
    """Submit a schedule's operation now."""
    schedule = find_schedule(spec.name)
    _may_run(runnable_operation(schedule.operation))
    job = run_now(spec.name)
    return Table(title=f"{spec.name} runs as job {job.pk}", facts={"job": str(job.pk), "operation": job.operation})


def _may_run(entry: Operation) -> None:
    """A schedule is no way round a role: who sets one going must be allowed to run what it runs."""
    actor, have = current_actor(), current_role()
    if have is None:
        if actor.endswith("@terminal") and not actor.startswith(_KEY):  # who has the machine has the database as well
            return
        have = _role_by_name(actor)
    if not allows(have, entry.role):
        raise Refused(
            f"{entry.name} asks for the role {entry.role}, and {actor or 'nobody'} is {have or 'without a role'}"
        )


def _role_by_name(actor: str) -> Role | None:
    """The role of the API key or the person of that name, for a job that acts for them; None without one in use."""
    if actor.startswith(_KEY):
        key = ApiKey.objects.filter(name=actor.removeprefix(_KEY), revoked_at__isnull=True).first()
        return known_role(key.role) if key is not None and state_of(key) == "active" else None
    from django.contrib.auth import get_user_model

    return role_of(get_user_model()._default_manager.filter(username=actor).first())


def _state(schedule: Schedule) -> Table:
    state = "enabled" if schedule.enabled else "disabled"
    facts = {"name": schedule.name, "state": state, "next_run": _time(schedule.next_run_at) if schedule.enabled else ""}
    return Table(title=f"{schedule.name} is {state}", facts=facts)


def _row(schedule: Schedule) -> tuple[Any, ...]:
    zone = "" if schedule.time_zone == "UTC" or not schedule.cron else f" ({schedule.time_zone})"
    return (
        schedule.name,
        schedule.operation,
        f"{schedule.cron}{zone}" if schedule.cron else f"every {schedule.every_seconds:g} s",
        "enabled" if schedule.enabled else "disabled",
        _time(schedule.next_run_at) if schedule.enabled else "",
        _time(schedule.last_run_at),
        schedule.last_job.state if schedule.last_job else "",
        schedule.by,
        schedule.problem,
    )


def _notes(schedules: list[Schedule], now: datetime) -> tuple[str, ...]:
    """What is wrong with the whole: nobody schedules, or a clock was wrong."""
    waiting = {each.name: each.next_run_at for each in schedules if each.enabled and each.next_run_at is not None}
    late = [name for name, moment in waiting.items() if now - moment > OVERDUE]
    far = [name for name, moment in waiting.items() if moment - now > FAR]
    notes = []
    if late:
        notes.append(
            f"{len(late)} are overdue ({', '.join(late[:3])}): no scheduler seems to run; start one with "
            "augury server up or python -m augury_server.jobs.scheduler"
        )
    if far:
        notes.append(
            f"{len(far)} run next in more than a year ({', '.join(far[:3])}): if a clock was wrong, "
            "augury schedules enable finds their next run anew"
        )
    return tuple(notes)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
