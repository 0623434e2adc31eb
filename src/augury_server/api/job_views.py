"""Jobs as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from augury_server.api.remote_files import without_folder
from augury_server.jobs.models import Job
from augury_server.jobs.results import result_of
from augury_server.operations.platform import PLATFORM_OPTIONS

__all__ = ["JobPage", "JobState", "JobView", "job_view"]

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobView(BaseModel):
    """A piece of background work."""

    id: UUID
    operation: str
    state: JobState
    progress: float = Field(ge=0, le=1, description="Share that is done.")
    step: str = Field(description="What is being done.")
    attempts: int
    max_attempts: int
    by: str = Field(description="Who submitted it.")
    queue: str
    cancel_requested: bool
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str
    options: dict[str, Any] | None = Field(None, description="Left out in lists.")
    result: Any = Field(None, description="What the operation gave; left out in lists.")


class JobPage(BaseModel):
    """Jobs, newest first; `next` is the cursor of the page after this one."""

    jobs: list[JobView]
    next: str | None


def job_view(job: Job, *, whole: bool) -> JobView:
    """A job; its options and result, which may be long, only when it is shown `whole`."""
    more: dict[str, Any] = {}
    if whole:
        given = {name: value for name, value in job.options.items() if name not in PLATFORM_OPTIONS}
        more = {"options": without_folder(given), "result": without_folder(result_of(job))}
    return JobView(
        id=job.pk,
        operation=job.operation,
        state=job.state,
        progress=job.progress,
        step=without_folder(job.progress_text),
        attempts=job.attempts,
        max_attempts=job.max_attempts,
        by=job.by,
        queue=job.queue,
        cancel_requested=job.cancel_requested,
        created_at=job.created_at,
        run_at=job.run_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        error=without_folder(job.error),
        **more,
    )
