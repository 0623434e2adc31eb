"""Look up a job by its id, or as much of it as tells it from the others."""

from __future__ import annotations

import re
from uuid import UUID

from augury.errors import InvalidInput, NotFound
from augury_server.jobs.models import Job

__all__ = ["find_job"]


def find_job(job_id: UUID | str) -> Job:
    """The job of that id; at least eight first digits of it will do when no other begins so.

    Raises InvalidInput for what cannot be an id, NotFound when there is no such job or several begin alike.
    """
    if isinstance(job_id, UUID):
        low, high = job_id, job_id
    else:
        digits = job_id.strip().lower().replace("-", "")
        if not re.fullmatch(r"[0-9a-f]{8,32}", digits):
            raise InvalidInput(f"a job's id is 32 hexadecimal digits, or at least its first 8; got {job_id!r}")
        low, high = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    found = list(Job.objects.filter(pk__gte=low, pk__lte=high)[:2])
    if not found:
        raise NotFound(f"no job has the id {job_id}; augury jobs list shows those there are")
    if len(found) > 1:
        raise NotFound(f"several jobs have ids that begin with {job_id}; give more of it")
    return found[0]
