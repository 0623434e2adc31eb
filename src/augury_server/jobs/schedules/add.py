"""Add a schedule."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction

from augury.errors import Conflict, InvalidInput
from augury_server.accounts.actor import current_actor
from augury_server.jobs.models import Schedule
from augury_server.jobs.schedules.planning import CatchUp
from augury_server.jobs.schedules.rows import recurrence_of
from augury_server.jobs.submit import Terms, canonical_options

__all__ = ["ScheduleTerms", "add_schedule"]

NAME = re.compile(r"[a-z][a-z0-9._-]{0,99}")
LONGEST_JITTER_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTerms:
    """When a schedule runs and how its jobs do: either `cron`, in a time zone, or `every_seconds`.

    `jitter_seconds`: each job starts up to so much later. `catch_up`: "once" runs one job for all occurrences that
    nobody was there to run, "skip" none. The rest is as for `submit`.
    """

    cron: str = ""
    every_seconds: float | None = None
    time_zone: str = "UTC"
    jitter_seconds: float = 0.0
    catch_up: CatchUp = "once"
    enabled: bool = True
    queue: str = "default"
    max_attempts: int | None = None
    timeout_seconds: float | None = None

    def __post_init__(self) -> None:
        Terms(queue=self.queue, max_attempts=self.max_attempts, timeout_seconds=self.timeout_seconds)
        if not (math.isfinite(self.jitter_seconds) and 0 <= self.jitter_seconds <= LONGEST_JITTER_SECONDS):
            raise InvalidInput(f"jitter_seconds should be 0 to {LONGEST_JITTER_SECONDS:,g}, got {self.jitter_seconds}")
        if self.catch_up not in ("once", "skip"):
            raise InvalidInput(f"catch_up should be 'once' or 'skip', got {self.catch_up!r}")


def add_schedule(
    name: str,
    operation: str,
    options: Mapping[str, Any],
    terms: ScheduleTerms,
    *,
    by: str = "",
    now: datetime | None = None,
) -> Schedule:
    """Add a schedule that submits an operation again and again; its first run is the first occurrence after now.

    Raises Conflict when the name is taken, NotFound for an unknown operation, and InvalidInput for options that it
    refuses, a rule that is none, or a name that is not small letters, digits, dots, hyphens and underscores.
    """
    if not NAME.fullmatch(name):
        raise InvalidInput(
            "a schedule's name is 1 to 100 small letters, digits, dots, hyphens and underscores, first a letter; "
            f"got {name!r}"
        )
    moment = now or datetime.now(UTC)
    schedule = Schedule(
        name=name,
        operation=operation,
        options=canonical_options(operation, options),
        cron=terms.cron,
        every_seconds=terms.every_seconds,
        time_zone=terms.time_zone,
        jitter_seconds=terms.jitter_seconds,
        catch_up=terms.catch_up,
        enabled=terms.enabled,
        queue=terms.queue,
        max_attempts=terms.max_attempts,
        timeout_seconds=terms.timeout_seconds,
        by=by or current_actor(),
        created_at=moment,
    )
    schedule.next_run_at = recurrence_of(schedule).next_after(moment)
    try:
        with transaction.atomic():
            schedule.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"a schedule is named {name!r} already; remove it first, or choose another name") from None
    return schedule
