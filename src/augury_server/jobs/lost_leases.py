"""Which running jobs are dead: those whose heartbeat stood still under our eyes for as long as a lease lasts.

No clock is compared with another: the watcher measures, by a clock that no one sets, how long a row has not changed.
A step of a clock, on whatever machine, therefore neither kills a live job nor keeps a dead one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from augury_server.jobs.models import Job, State
from augury_server.jobs.moves import Note, make_move

__all__ = ["Dead", "LeaseWatch", "expire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A claim that gave no sign of life: the job, the claim's number and its last heartbeat."""

    job_id: UUID
    claims: int
    beats: int


class LeaseWatch:
    """Remembers what each running job's heartbeat was, and for how long it has been that."""

    def __init__(self, lease_seconds: float, look_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease_seconds, self._look_seconds, self._clock = lease_seconds, look_seconds, clock
        self._seen: dict[UUID, tuple[int, int, float]] = {}
        self._looked: float | None = None

    def look(self) -> list[Dead]:
        """Look at every running job; those that stood still for a lease.

        Between two looks at most two intervals count: when the watcher itself was held up, so that workers may have
        been as well, they get time to show that they live. On SQLite the look takes the turn of a writer, so that a
        job that cannot beat because of another's long transaction is not judged by a mere reader.
        """
        if not Job.objects.filter(state=State.RUNNING).exists():
            self._seen, self._looked = {}, self._clock()
            return []
        with transaction.atomic():
            running = list(Job.objects.filter(state=State.RUNNING).values_list("pk", "claims", "beats"))
        now = self._clock()
        passed = 0.0 if self._looked is None else min(now - self._looked, 2 * self._look_seconds)
        self._looked = now
        before, self._seen = self._seen, {}
        for job_id, claims, beats in running:
            known = before.get(job_id)
            same = known is not None and known[:2] == (claims, beats)
            self._seen[job_id] = (claims, beats, known[2] + passed if known is not None and same else 0.0)
        return [
            Dead(job_id=job_id, claims=claims, beats=beats)
            for job_id, (claims, beats, still) in self._seen.items()
            if still >= self._lease_seconds
        ]


def expire(dead: Dead, now: datetime) -> str:
    """Take a dead claim's job back; the move made, or "" when the claim lives or another watcher was quicker.

    It is queued again, unless somebody wanted it cancelled or it has no attempts left.
    """
    job = Job.objects.only("attempts", "max_attempts", "cancel_requested", "worker").filter(pk=dead.job_id).first()
    if job is None:
        return ""
    gone = f"{job.worker} gave no sign of life"
    if job.cancel_requested:
        move, changes = "stopped", {"ended_at": now, "error": "cancelled; its worker had gone"}
    elif job.attempts >= job.max_attempts:
        error = f"{gone}, on attempt {job.attempts} of {job.max_attempts}"
        move, changes = "given up", {"ended_at": now, "error": error}
    else:
        move, changes = "lost", {"run_at": now, "sent_at": None}
    note = Note(at=now, worker=job.worker, text=gone)
    where = {"claims": dead.claims, "beats": dead.beats}
    return move if make_move(move, dead.job_id, note, where=where, changes=changes) else ""
