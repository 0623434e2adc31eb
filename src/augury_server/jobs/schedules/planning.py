"""What a schedule owes at a moment: a pure function of its row, its recurrence and the time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from augury_server.jobs.schedules.recurrence import Recurrence

__all__ = ["GRACE_SECONDS", "CatchUp", "Plan", "jittered", "plan_next"]

CatchUp: TypeAlias = Literal["once", "skip"]
GRACE_SECONDS = 60.0
"""An occurrence that is later than this was missed: nobody was there to run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: submit `occurrence` (None: nothing), then wait for `next_run_at`; `missed` are not run."""

    occurrence: datetime | None
    next_run_at: datetime
    missed: bool = False


def plan_next(recurrence: Recurrence, *, due_at: datetime, now: datetime, catch_up: CatchUp) -> Plan | None:
    """What is owed when the next occurrence is at `due_at`; None when that is still to come.

    Of several occurrences that have passed only the latest may be run: it stands for the others. When even that one is
    missed (`GRACE_SECONDS`), "once" runs it and "skip" does not. A clock that was moved back makes nothing due:
    `next_run_at` only ever grows, so no occurrence is run twice.
    """
    if due_at > now:
        return None
    latest = recurrence.latest_until(now, first=due_at)
    missed = now - latest > timedelta(seconds=GRACE_SECONDS)
    occurrence = None if missed and catch_up == "skip" else latest
    return Plan(occurrence=occurrence, next_run_at=recurrence.next_after(max(now, latest)), missed=missed)


def jittered(name: str, occurrence: datetime, jitter_seconds: float) -> datetime:
    """The occurrence delayed by up to `jitter_seconds`, the same in every process: drawn from a hash of both.

    Spreads work that many schedules would start at the same second.
    """
    if jitter_seconds <= 0:
        return occurrence
    digest = hashlib.sha256(f"{name}@{occurrence.isoformat()}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return occurrence + timedelta(seconds=share * jitter_seconds)
