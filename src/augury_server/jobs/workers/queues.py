"""What waits: jobs by queue, from their rows and from the broker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Min, Q

from augury.errors import Unavailable
from augury_server.jobs.messages import queue_length
from augury_server.jobs.models import Job, State
from augury_server.jobs.workers.load import seconds_since

__all__ = ["QueueView", "list_queues"]

DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue: jobs that are due, that wait for a later time, that run; and the broker's own count of messages.

    `messages` is None when the broker is away; it may be more or less than `due` without harm, since a message is only
    a hint. `oldest_seconds`: for how long the oldest due job has waited.
    """

    queue: str
    due: int
    later: int
    running: int
    oldest_seconds: float
    messages: int | None


def list_queues(*, now: datetime | None = None) -> tuple[QueueView, ...]:
    """Every queue that has jobs, and the default one, by name: one query, and one question to the broker each."""
    moment = now or datetime.now(UTC)
    due = Q(state=State.QUEUED, run_at__lte=moment)
    counted = (
        Job.objects.filter(state__in=(State.QUEUED, State.RUNNING))
        .order_by("queue")
        .values("queue")
        .annotate(
            due=Count("pk", filter=due),
            later=Count("pk", filter=Q(state=State.QUEUED, run_at__gt=moment)),
            running=Count("pk", filter=Q(state=State.RUNNING)),
            oldest=Min("run_at", filter=due),
        )
        .values_list("queue", "due", "later", "running", "oldest")
    )
    found: dict[str, tuple[int, int, int, datetime | None]] = {DEFAULT: (0, 0, 0, None)}
    found |= {name: (waiting, later, running, oldest) for name, waiting, later, running, oldest in counted}
    return tuple(
        QueueView(
            queue=name,
            due=waiting,
            later=later,
            running=running,
            oldest_seconds=seconds_since(oldest, moment),
            messages=_messages(name),
        )
        for name, (waiting, later, running, oldest) in sorted(found.items())
    )


def _messages(queue: str) -> int | None:
    try:
        return queue_length(queue)
    except Unavailable:
        return None
