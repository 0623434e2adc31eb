"""Cancel a job."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from augury.errors import WrongState
from augury_server.jobs.find import find_job
from augury_server.jobs.models import Job, State
from augury_server.jobs.moves import Note, make_move, write_event

__all__ = ["cancel"]


def cancel(job_id: UUID | str, *, by: str, reason: str = "") -> Job:
    """Cancel a queued job at once; ask a running one to stop, which it does at its next step of progress.

    Cancelling again changes nothing. Raises NotFound, and WrongState for a job that succeeded or failed.
    """
    job = find_job(job_id)
    now = datetime.now(UTC)
    note = Note(at=now, by=by, text=reason)
    error = f"cancelled by {by or 'nobody named'}" + (f": {reason}" if reason else "")
    if make_move("cancelled", job.pk, note, where={}, changes={"ended_at": now, "error": error, "sent_at": None}):
        return find_job(job.pk)
    with transaction.atomic():
        if Job.objects.filter(pk=job.pk, state=State.RUNNING, cancel_requested=False).update(cancel_requested=True):
            write_event("cancel asked", job.pk, note)
    job = find_job(job.pk)
    if job.state in (State.SUCCEEDED, State.FAILED):
        raise WrongState(f"job {job.pk} has {job.state} already; there is nothing to cancel")
    return job
