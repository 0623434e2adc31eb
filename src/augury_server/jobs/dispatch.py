"""Messages for jobs that have become due, and again for those whose message was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from augury.errors import Unavailable
from augury_server.jobs.messages import queue_length, send_message
from augury_server.jobs.models import Job, State

__all__ = ["resend_lost", "send_due"]

BATCH = 500


def send_due(now: datetime, *, limit: int = BATCH) -> int:
    """Send messages for queued jobs whose time has come; how many. Raises Unavailable when the broker is away.

    Two at once share the work: each marks its rows first, and sends what it marked.
    """
    due = Job.objects.filter(state=State.QUEUED, sent_at__isnull=True, run_at__lte=now).order_by("run_at")
    if not due.exists():
        return 0
    return _mark_and_send(due, now, limit)


def resend_lost(now: datetime, *, after_seconds: float, limit: int = BATCH) -> int:
    """Send again for jobs that wait unclaimed for longer although the broker has fewer messages than jobs wait.

    A broker that lost everything is thus made whole; one that has merely much to do gets no second message. Raises
    Unavailable when the broker is away.
    """
    old = Q(sent_at__lt=now - timedelta(seconds=after_seconds)) | Q(sent_at__gt=now + timedelta(seconds=after_seconds))
    waiting = Job.objects.filter(state=State.QUEUED, sent_at__isnull=False)
    queues = set(waiting.filter(old).order_by().values_list("queue", flat=True).distinct())
    counts = dict(waiting.filter(queue__in=queues).order_by().values_list("queue").annotate(Count("pk")))
    sent = 0
    for queue, jobs in sorted(counts.items()):
        missing = jobs - queue_length(queue)
        if missing > 0:
            sent += _mark_and_send(waiting.filter(old, queue=queue).order_by("sent_at"), now, min(missing, limit))
    return sent


def _mark_and_send(jobs: QuerySet[Job], now: datetime, limit: int) -> int:
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            jobs = jobs.select_for_update(skip_locked=True)
        chosen = list(jobs.values_list("pk", "queue")[:limit])
        Job.objects.filter(pk__in=[job_id for job_id, _ in chosen]).update(sent_at=now)
    for place, (job_id, queue) in enumerate(chosen):
        try:
            send_message(job_id, queue)
        except Unavailable:
            _unmark([job_id for job_id, _ in chosen[place:]], now)
            raise
    return len(chosen)


def _unmark(job_ids: Sequence[UUID], mark: datetime) -> None:
    Job.objects.filter(pk__in=job_ids, state=State.QUEUED, sent_at=mark).update(sent_at=None)
