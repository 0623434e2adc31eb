"""Submit what is due: each occurrence once, however many schedulers look at the same moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from augury.errors import AuguryError
from augury_server.jobs.models import Job, Schedule
from augury_server.jobs.schedules.planning import Plan, jittered, plan_next
from augury_server.jobs.schedules.rows import recurrence_of, terms_of
from augury_server.jobs.submit import submit
from augury_server.telemetry.logs import get_log

__all__ = ["Submitted", "due_schedules", "occurrence_key", "run_due"]

log = get_log(__name__)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """An occurrence of a schedule that became a job."""

    schedule: str
    occurrence: datetime
    job: Job


def run_due(now: datetime) -> tuple[Submitted, ...]:
    """Take every enabled schedule whose next run has come, submit its job, and set its next run.

    Taking is an UPDATE that holds only while the row still waits for that occurrence, in one transaction with the job:
    of two schedulers one takes it, and one killed in between leaves it to be taken again. The job's key is the
    schedule's name with the occurrence, so a row that was set back cannot double a job either. A schedule whose job is
    refused says so in `problem` and goes on to its next occurrence.
    """
    taken = (_take(schedule, now) for schedule in due_schedules(now))
    return tuple(each for each in taken if each is not None)


def due_schedules(now: datetime) -> QuerySet[Schedule]:
    """Enabled schedules whose next run has come, longest due first; so many as one round takes."""
    return Schedule.objects.filter(enabled=True, next_run_at__lte=now).order_by("next_run_at")[:_AT_ONCE]


def occurrence_key(name: str, occurrence: datetime) -> str:
    """The idempotency key of one occurrence."""
    return f"schedule:{name}:{occurrence.isoformat()}"


def _take(schedule: Schedule, now: datetime) -> Submitted | None:
    assert schedule.next_run_at is not None
    try:
        plan = plan_next(
            recurrence_of(schedule),
            due_at=schedule.next_run_at,
            now=now,
            catch_up="skip" if schedule.catch_up == "skip" else "once",
        )
    except AuguryError as error:  # the row was written past the checks; without a rule there is no next run
        Schedule.objects.filter(pk=schedule.pk).update(enabled=False, problem=str(error))
        log.exception("schedule switched off: its rule cannot be read", schedule=schedule.name)
        return None
    if plan is None:
        return None
    if plan.missed:
        log.warning("occurrences were missed", schedule=schedule.name, since=schedule.next_run_at, run=plan.occurrence)
    with transaction.atomic():
        mine = Schedule.objects.filter(pk=schedule.pk, enabled=True, next_run_at=schedule.next_run_at)
        changes = {"last_run_at": plan.occurrence} if plan.occurrence else {}
        if not mine.update(next_run_at=plan.next_run_at, **changes) or plan.occurrence is None:
            return None
        return _submitted(schedule, plan)


def _submitted(schedule: Schedule, plan: Plan) -> Submitted | None:
    assert plan.occurrence is not None
    row = Schedule.objects.filter(pk=schedule.pk)
    starts = jittered(schedule.name, plan.occurrence, schedule.jitter_seconds)
    try:
        job = submit(
            schedule.operation,
            schedule.options,
            by=f"schedule:{schedule.name}",
            key=occurrence_key(schedule.name, plan.occurrence),
            terms=terms_of(schedule, run_at=starts if schedule.jitter_seconds else None),
        )
    except AuguryError as error:
        row.update(problem=str(error))
        log.error("schedule could not submit its job", schedule=schedule.name, reason=str(error))  # noqa: TRY400
        return None
    row.update(last_job=job, problem="")
    log.info("schedule submitted a job", schedule=schedule.name, occurrence=plan.occurrence, job=str(job.pk))
    return Submitted(schedule=schedule.name, occurrence=plan.occurrence, job=job)
