"""A worker's hold on a job: taken by one UPDATE, numbered, and worth nothing once a later claim was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from augury_server.jobs.models import Job, State
from augury_server.jobs.moves import Note, make_move

__all__ = ["Claim", "Pulse", "beat", "claim_job", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a worker holds: the job's order and the claim's number, the fencing token of everything it writes."""

    job_id: UUID
    number: int
    worker: str
    operation: str
    options: Mapping[str, Any]
    by: str
    attempt: int
    max_attempts: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a heartbeat learns: whether the claim still holds, and whether somebody wants the job stopped."""

    held: bool
    cancel_requested: bool = False


def claim_job(job_id: UUID, *, worker: str, now: datetime, lease_seconds: float) -> Claim | None:
    """Take a queued job whose message was sent; None when it is taken, ended, or waits for a later try.

    That it is due was judged by the one clock that let its message be sent, so a step of this machine's clock neither
    delays nor hastens it.
    """
    changes = {
        "claims": F("claims") + 1,
        "attempts": F("attempts") + 1,
        "beats": 0,
        "worker": worker,
        "started_at": now,
        "heartbeat_at": now,
        "lease_until": now + timedelta(seconds=lease_seconds),
        "progress": 0.0,
        "progress_text": "",
    }
    with transaction.atomic():
        note = Note(at=now, worker=worker)
        if not make_move("claimed", job_id, note, where={"sent_at__isnull": False}, changes=changes):
            return None
        job = Job.objects.only(
            "claims", "operation", "options", "by", "attempts", "max_attempts", "timeout_seconds"
        ).get(pk=job_id)
    return Claim(
        job_id=job_id,
        number=job.claims,
        worker=worker,
        operation=job.operation,
        options=job.options,
        by=job.by,
        attempt=job.attempts,
        max_attempts=job.max_attempts,
        timeout_seconds=job.timeout_seconds,
    )


def beat(claim: Claim, *, now: datetime, lease_seconds: float, progress: float, text: str) -> Pulse:
    """Renew a claim and write how far the job is, in one UPDATE; an older claim's changes nothing."""
    mine = Job.objects.filter(pk=claim.job_id, state=State.RUNNING, claims=claim.number)
    renewed = mine.update(
        beats=F("beats") + 1,
        heartbeat_at=now,
        lease_until=now + timedelta(seconds=lease_seconds),
        progress=min(max(progress, 0.0), 1.0),
        progress_text=text[:200],
    )
    if not renewed:
        return Pulse(held=False)
    return Pulse(held=True, cancel_requested=bool(mine.values_list("cancel_requested", flat=True).first()))


def settle(claim: Claim, move: str, *, now: datetime, text: str = "", changes: Mapping[str, Any] | None = None) -> bool:
    """End a claim by a move; False when the claim holds no more and nothing was changed."""
    note = Note(at=now, worker=claim.worker, text=text)
    return make_move(move, claim.job_id, note, where={"claims": claim.number}, changes=changes or {})
