"""Queue a job again that failed or was cancelled."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from augury.errors import WrongState
from augury_server.jobs.find import find_job
from augury_server.jobs.messages import send_job
from augury_server.jobs.models import Job
from augury_server.jobs.moves import Note, make_move

__all__ = ["retry"]


def retry(job_id: UUID | str, *, by: str) -> Job:
    """Queue a failed or cancelled job again with all its attempts; its history is kept.

    Raises NotFound, and WrongState for a job in any other state.
    """
    job = find_job(job_id)
    now = datetime.now(UTC)
    fresh = {
        "attempts": 0, "run_at": now, "sent_at": now, "started_at": None, "ended_at": None, "worker": "", "error": "",
        "progress": 0.0, "progress_text": "", "result": None, "result_packed": None,
    }  # fmt: skip
    with transaction.atomic():
        if not make_move("asked again", job.pk, Note(at=now, by=by), where={}, changes=fresh):
            job = find_job(job.pk)
            raise WrongState(f"job {job.pk} is {job.state}; only a failed or cancelled job is run again")
        transaction.on_commit(lambda: send_job(job.pk, job.queue), robust=True)
    return find_job(job.pk)
