"""Who works, on what, and who has gone, as the rows tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury_server.jobs.models import Job, State, Worker
from augury_server.jobs.workers.load import load_of
from augury_server.jobs.workers.queues import list_queues
from augury_server.jobs.workers.roster import alive_seconds, list_workers, mark_lost

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(name: str, seconds: float, state: str = "running") -> Worker:
    return Worker.objects.create(
        name=name, host="h", pid=1, queues=["default"], concurrency=2, state=state, started_at=NOW - timedelta(hours=1),
        last_seen_at=NOW - timedelta(seconds=seconds),
    )  # fmt: skip


def a_job(worker: str = "", *, queue: str = "default", due: float = 0.0, state: str = "queued") -> Job:
    run_at = NOW - timedelta(seconds=due)
    running = {"lease_until": NOW, "started_at": NOW - timedelta(seconds=9)} if state == "running" else {}
    return Job.objects.create(
        operation="features", worker=worker, queue=queue, state=state, timeout_seconds=60, run_at=run_at, **running
    )


def test_a_worker_is_alive_as_long_as_it_is_heard(platform: Any) -> None:
    limit = alive_seconds()
    row("fresh@h", 1)
    row("edge@h", limit - 0.01)
    row("silent@h", limit + 0.01)
    row("left@h", 1, state="stopped")
    assert {each.name: each.alive for each in list_workers(now=NOW)} == {
        "fresh@h": True, "edge@h": True, "silent@h": False,
    }  # fmt: skip
    assert mark_lost(NOW) == 1
    assert Worker.objects.get(name="silent@h").state == "lost"
    assert [each.name for each in list_workers(now=NOW)] == ["fresh@h", "edge@h"]
    assert len(list_workers(everyone=True, now=NOW)) == 4
    assert mark_lost(NOW) == 0


def test_workers_show_what_they_run_in_two_queries(platform: Any) -> None:
    for number in range(10):
        row(f"worker-{number}@h", number)
        a_job(f"worker-{number}@h#77", state="running")
        a_job(f"worker-{number}@h#78", state="running")
    with CaptureQueriesContext(connection) as queries:
        workers = list_workers(now=NOW)
    assert len(queries) == 2
    assert [len(worker.running) for worker in workers] == [2] * 10
    assert workers[0].running[0].seconds == 9


def test_queues_are_counted_as_a_plain_loop_counts_them(platform: Any) -> None:
    for queue, dues in (("default", (5, 50, -30)), ("slow", (-10, -20)), ("quick", (0, 3))):
        for due in dues:
            a_job(queue=queue, due=due)
    a_job("worker-1@h#5", queue="slow", state="running")
    a_job("worker-2@h#5", queue="slow", state="running")
    Job.objects.create(operation="x", state="succeeded", timeout_seconds=1, ended_at=NOW, queue="old")
    jobs = list(Job.objects.filter(state__in=["queued", "running"]))
    expected = {}
    for name in {job.queue for job in jobs}:
        mine = [job for job in jobs if job.queue == name]
        waiting = [job for job in mine if job.state == State.QUEUED and job.run_at <= NOW]
        later = [job for job in mine if job.state == State.QUEUED and job.run_at > NOW]
        oldest = max(((NOW - job.run_at).total_seconds() for job in waiting), default=0.0)
        expected[name] = (len(waiting), len(later), sum(job.state == State.RUNNING for job in mine), oldest)
    found = {each.queue: (each.due, each.later, each.running, each.oldest_seconds) for each in list_queues(now=NOW)}
    assert found == expected
    load = load_of(["default", "quick"], ["worker-1@h"], now=NOW)
    assert (load.waiting, load.running, load.oldest_seconds) == (4, 1, 50.0)
