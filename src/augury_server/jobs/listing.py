"""Jobs as lists show them, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from augury_server.jobs.models import Job

__all__ = ["JobFilter", "jobs_after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs; empty means all."""

    state: str = ""
    operation: str = ""


def jobs_after(chosen: JobFilter, last: tuple[datetime, UUID] | None = None) -> QuerySet[Job]:
    """Jobs, newest first, that come after `last` (its creation and id) in the list; without what may be long."""
    wanted = {"state": chosen.state, "operation": chosen.operation}
    jobs = Job.objects.filter(**{name: value for name, value in wanted.items() if value})
    if last is not None:
        created_at, key = last
        jobs = jobs.filter(created_at__lte=created_at).exclude(created_at=created_at, pk__gte=key)
    return jobs.order_by("-created_at", "-pk").defer("result", "result_packed", "options")
