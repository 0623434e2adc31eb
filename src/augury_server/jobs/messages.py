"""Messages to workers: each only says that a job may be due. Losing or doubling one does no harm."""

from __future__ import annotations

from uuid import UUID

from augury.errors import Unavailable
from augury_server.jobs.celery_app import TASK, broker_queue, celery_app
from augury_server.jobs.models import Job, State
from augury_server.telemetry.logs import get_log

__all__ = ["broker_is_away", "queue_length", "send_job", "send_message"]

log = get_log(__name__)


def broker_is_away() -> tuple[type[Exception], ...]:
    """What a broker that cannot be reached raises: `except broker_is_away():`."""
    from kombu.exceptions import KombuError

    return KombuError, OSError


def send_message(job_id: UUID, queue: str) -> None:
    """Tell the workers of a queue to look at a job. Raises Unavailable when the broker is away."""
    app = celery_app()
    try:
        app.tasks[TASK].apply_async(args=(str(job_id),), queue=broker_queue(queue), retry=False)
    except broker_is_away() as error:
        raise Unavailable(f"the broker of messages cannot be reached ({type(error).__name__}); jobs wait") from error


def send_job(job_id: UUID, queue: str) -> bool:
    """`send_message` for a row marked as sent; False, and the mark taken back, when the broker is away."""
    try:
        send_message(job_id, queue)
    except Unavailable as error:
        log.warning("message not sent; it will be later", job=str(job_id), reason=str(error))
        Job.objects.filter(pk=job_id, state=State.QUEUED).update(sent_at=None)
        return False
    return True


def queue_length(queue: str) -> int:
    """How many messages wait in a queue. Raises Unavailable when the broker is away."""
    try:
        with celery_app().connection_for_read() as connection:
            _, waiting, _ = broker_queue(queue)(connection.default_channel).queue_declare()
    except broker_is_away() as error:
        raise Unavailable(f"the broker of messages cannot be reached ({type(error).__name__})") from error
    return int(waiting)
