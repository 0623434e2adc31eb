"""The lists of jobs, schedules and workers, for the check of their plans."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from augury_server.database.list_queries import register_list_query
from augury_server.jobs.listing import JobFilter, jobs_after
from augury_server.jobs.models import Job, KeptAnswer, ScalingEvent, State, Worker
from augury_server.jobs.schedules.run_due import due_schedules

__all__: list[str] = []

_PAGE = 50
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LAST = (_NOW, UUID(int=1))

register_list_query("jobs.newest", lambda: Job.objects.order_by("-created_at")[:_PAGE])
register_list_query("jobs.by_state", lambda: Job.objects.filter(state=State.FAILED).order_by("-created_at")[:_PAGE])
register_list_query("jobs.by_operation", lambda: Job.objects.filter(operation="x").order_by("-created_at")[:_PAGE])
register_list_query("jobs.schedules_due", lambda: due_schedules(_NOW))
register_list_query("jobs.workers", lambda: Worker.objects.order_by("-last_seen_at")[:_PAGE])
register_list_query("jobs.scaling", lambda: ScalingEvent.objects.order_by("-at")[:_PAGE])
register_list_query("jobs.page", lambda: jobs_after(JobFilter(), _LAST)[:_PAGE])
register_list_query("jobs.page_of_state", lambda: jobs_after(JobFilter(state="failed"), _LAST)[:_PAGE])
register_list_query("jobs.page_of_operation", lambda: jobs_after(JobFilter(operation="x"), _LAST)[:_PAGE])
register_list_query("jobs.answers", lambda: KeptAnswer.objects.order_by("-created_at")[:_PAGE])
