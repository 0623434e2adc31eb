"""The lists of jobs, schedules and workers use the indexes that were made for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

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
    ended = {"state": "succeeded", "timeout_seconds": 1.0}
    Job.objects.bulk_create(
        (Job(operation=f"op{n % 50}", created_at=time, ended_at=time, **ended) for n, time in enumerate(times)),
        batch_size=500,
    )
    Schedule.objects.bulk_create(
        (
            Schedule(name=f"s{n}", operation="x", cron="@daily", enabled=n % 2 == 0, next_run_at=time)
            for n, time in enumerate(times[:5000])
        ),
        batch_size=500,
    )
    Worker.objects.bulk_create(
        (Worker(name=f"w{n}", host="h", pid=1, last_seen_at=time) for n, time in enumerate(times[:5000])),
        batch_size=500,
    )
    ScalingEvent.objects.bulk_create(
        (ScalingEvent(at=time, from_processes=1, to_processes=2, reason="r") for time in times[:5000]), batch_size=500
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    queries = {name: make for name, make in list_queries().items() if name.startswith("jobs.")}
    plans = {name: explain(queries[name]()) for name in EXPECTED}
    assert {name: plan.indexes for name, plan in plans.items()} == {name: (index,) for name, index in EXPECTED.items()}
    assert not any(plan.sorts for plan in plans.values())
