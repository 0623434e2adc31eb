"""The lists of jobs, schedules and workers, for the check of their plans."""

from __future__ import annotations

from datetime import UTC, datetime

from augury_server.database.list_queries import register_list_query
from augury_server.jobs.models import Job, ScalingEvent, State, Worker
from augury_server.jobs.schedules.run_due import due_schedules

__all__: list[str] = []

_PAGE = 50
_NOW = datetime(2026, 1, 1, tzinfo=UTC)

register_list_query("jobs.newest", lambda: Job.objects.order_by("-created_at")[:_PAGE])
register_list_query("jobs.by_state", lambda: Job.objects.filter(state=State.FAILED).order_by("-created_at")[:_PAGE])
register_list_query("jobs.by_operation", lambda: Job.objects.filter(operation="x").order_by("-created_at")[:_PAGE])
register_list_query("jobs.schedules_due", lambda: due_schedules(_NOW))
register_list_query("jobs.workers", lambda: Worker.objects.order_by("-last_seen_at")[:_PAGE])
register_list_query("jobs.scaling", lambda: ScalingEvent.objects.order_by("-at")[:_PAGE])
