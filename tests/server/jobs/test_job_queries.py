"""Every question that is asked again and again is answered from an index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Q
from django.test.utils import CaptureQueriesContext

from augury_server.database.plans import explain
from augury_server.jobs.claims import beat, claim_job, settle
from augury_server.jobs.dispatch import send_due
from augury_server.jobs.lost_leases import LeaseWatch
from augury_server.jobs.models import ENDED, Job, State
from augury_server.jobs.submit import submit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def crowd(platform: Any) -> None:
    """4,000 jobs that ended, few that wait or run."""
    jobs = [
        Job(
            operation=f"verb{number % 7}", timeout_seconds=1, state=ENDED[number % 3], max_attempts=3,
            created_at=NOW - timedelta(minutes=number),
            ended_at=NOW - timedelta(minutes=number),
        )
        for number in range(4_000)
    ]  # fmt: skip
    jobs += [Job(operation="verb", timeout_seconds=1, run_at=NOW) for _ in range(20)]
    with transaction.atomic():
        Job.objects.bulk_create(jobs, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


QUESTIONS: dict[str, Any] = {
    "list, newest first": lambda: Job.objects.order_by("-created_at")[:20],
    "list of a state": lambda: Job.objects.filter(state="failed").order_by("-created_at")[:20],
    "list of a verb": lambda: Job.objects.filter(operation="verb3").order_by("-created_at")[:20],
    "who runs": lambda: Job.objects.filter(state=State.RUNNING).order_by(),
    "what is due": lambda: Job.objects.filter(state=State.QUEUED, sent_at__isnull=True, run_at__lte=NOW).order_by(
        "run_at"
    ),
    "what waits": lambda: Job.objects.filter(state=State.QUEUED, queue="default", sent_at__lt=NOW).order_by("sent_at"),
    "how many wait": lambda: (
        Job.objects.filter(state=State.QUEUED, sent_at__isnull=False, queue__in=["default"])
        .order_by()
        .values("queue")
        .annotate(Count("pk"))
    ),
    "what may go": lambda: (
        Job.objects.filter(Q(state__in=ENDED), ended_at__lt=NOW - timedelta(minutes=3_950))
        .order_by("ended_at")
        .values_list("pk")
    ),
}


def test_no_question_reads_the_whole_table(crowd: None) -> None:
    plans = {name: explain(question()) for name, question in QUESTIONS.items()}
    assert {name: plan.full_scans for name, plan in plans.items() if plan.full_scans} == {}


def test_a_question_without_an_index_is_found_out(crowd: None) -> None:
    assert explain(Job.objects.filter(worker="nobody")).full_scans


def test_the_life_of_a_job_takes_few_and_constant_queries(platform: Any) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as submitted:
            job = submit("doctor", {})
        with CaptureQueriesContext(connection) as claimed:
            claim = claim_job(job.pk, worker="w", now=NOW, lease_seconds=30)
        assert claim is not None
        with CaptureQueriesContext(connection) as beaten:
            beat(claim, now=NOW, lease_seconds=30, progress=0.1, text="")
        with CaptureQueriesContext(connection) as looked:
            LeaseWatch(30, 1).look()
        with CaptureQueriesContext(connection) as settled:
            settle(claim, "succeeded", now=NOW, changes={"ended_at": NOW})
        with CaptureQueriesContext(connection) as nothing_due:
            send_due(NOW)
        every = (submitted, claimed, beaten, looked, settled, nothing_due)
        counts.append([sum(not _frame(query["sql"]) for query in caught) for caught in every])
    assert counts[0] == counts[1] == [2, 4, 2, 2, 3, 1]


def _frame(sql: str) -> bool:
    return sql.split()[0].rstrip(";") in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}
