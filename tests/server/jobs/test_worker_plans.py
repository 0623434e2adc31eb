"""The lists of jobs, schedules and workers use the indexes that were made for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from augury_server.database.bulk import insert_rows
from augury_server.database.list_queries import list_queries
from augury_server.database.plans import explain
from augury_server.jobs.models import Job, ScalingEvent, Schedule, Worker

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 20_000
EXPECTED = {
    "jobs.by_operation": "augury_jobs_operation_newest",
    "jobs.by_state": "augury_jobs_state_newest",
    "jobs.newest": "augury_jobs_newest",
    "jobs.scaling": "augury_jobs_scaling_newest",
    "jobs.schedules_due": "augury_jobs_schedule_due",
    "jobs.workers": "augury_jobs_workers_seen",
}


def test_lists_of_many_rows_are_read_through_their_indexes(platform: Any) -> None:
    times = [START + timedelta(seconds=number) for number in range(ROWS)]
    jobs = ((f"op{n % 50}", time, time, "succeeded", 1.0) for n, time in enumerate(times))
    insert_rows(Job, ("operation", "created_at", "ended_at", "state", "timeout_seconds"), jobs)
    schedules = ((f"s{n}", "x", "@daily", n % 2 == 0, time) for n, time in enumerate(times[:5000]))
    insert_rows(Schedule, ("name", "operation", "cron", "enabled", "next_run_at"), schedules)
    workers = ((f"w{n}", "h", 1, time) for n, time in enumerate(times[:5000]))
    insert_rows(Worker, ("name", "host", "pid", "last_seen_at"), workers)
    events = ((time, 1, 2, "r") for time in times[:5000])
    insert_rows(ScalingEvent, ("at", "from_processes", "to_processes", "reason"), events)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    queries = {name: make for name, make in list_queries().items() if name.startswith("jobs.")}
    plans = {name: explain(queries[name]()) for name in EXPECTED}
    assert {name: plan.indexes for name, plan in plans.items()} == {name: (index,) for name, index in EXPECTED.items()}
    assert not any(plan.sorts for plan in plans.values())
