"""Ask workers whether they are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from augury_server.jobs.celery_app import celery_app
from augury_server.jobs.messages import broker_is_away
from augury_server.jobs.workers.roster import list_workers

__all__ = ["Pong", "ping_workers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """One worker's answer: `answered` None where it cannot be asked (messages in files), else whether it replied.

    `alive` is the verdict: a reply, or a heartbeat in the database that is young enough.
    """

    name: str
    answered: bool | None
    silent_seconds: float
    alive: bool


def ping_workers(*, timeout_seconds: float = 1.0, now: datetime | None = None) -> tuple[Pong, ...]:
    """Ask every worker that is not known to have gone, and compare with its row's heartbeat.

    A reply comes through the broker (Redis) from the worker's main process, busy or not. Workers whose broker cannot
    carry questions are judged by their heartbeat alone; so are all when the broker is away.
    """
    replied = _replies(timeout_seconds)
    known = list_workers(now=now or datetime.now(UTC))
    pongs = [
        Pong(
            name=worker.name,
            answered=None if replied is None else worker.name in replied,
            silent_seconds=worker.silent_seconds,
            alive=worker.alive or (replied is not None and worker.name in replied),
        )
        for worker in known
    ]
    strangers = sorted((replied or set()) - {worker.name for worker in known})
    pongs += [Pong(name=name, answered=True, silent_seconds=float("nan"), alive=True) for name in strangers]
    return tuple(pongs)


def _replies(timeout_seconds: float) -> set[str] | None:
    """Names of those who replied; None when nobody can be asked."""
    app = celery_app()
    if not app.conf.worker_enable_remote_control:
        return None
    from redis.exceptions import RedisError  # slow to import; without Redis nobody can be asked

    away: tuple[type[Exception], ...] = (*broker_is_away(), RedisError)
    try:
        answers = app.control.ping(timeout=timeout_seconds)
    except away:
        return None
    return {name for answer in answers for name in answer}
