"""What there is to do for some workers, as the rows of jobs tell; no broker is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Min

from augury_server.jobs.models import Job, State
from augury_server.jobs.workers.policy import Load

__all__ = ["load_of", "seconds_since"]


def load_of(queues: Sequence[str], workers: Sequence[str], *, now: datetime) -> Load:
    """What waits in the queues and how many jobs these workers run: two queries."""
    due = Job.objects.filter(state=State.QUEUED, queue__in=queues, run_at__lte=now)
    waiting = due.aggregate(count=Count("pk"), oldest=Min("run_at"))
    busy = Job.objects.filter(state=State.RUNNING).values_list("worker", flat=True)
    mine = set(workers)
    return Load(
        waiting=waiting["count"],
        running=sum(name.partition("#")[0] in mine for name in busy),
        oldest_seconds=seconds_since(waiting["oldest"], now),
    )


def seconds_since(since: datetime | None, now: datetime) -> float:
    """How long ago something was; 0 when it never was, or is still to come."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
