"""Which workers there are, what each is doing, and which have gone without a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from augury_server.jobs.models import Job, State, Worker, WorkerState
from augury_server.settings import current_settings

__all__ = ["Running", "WorkerView", "alive_seconds", "list_workers", "mark_lost"]

GONE = (WorkerState.STOPPED, WorkerState.LOST)
_MISSED_BEATS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A job that a worker has claimed: `progress` is a fraction."""

    job_id: UUID
    operation: str
    progress: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker as its row and the rows of its jobs show it; `silent_seconds` since it was last heard."""

    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    concurrency: int
    state: str
    alive: bool
    started_at: datetime
    last_seen_at: datetime
    silent_seconds: float
    running: tuple[Running, ...] = ()


def alive_seconds() -> float:
    """A worker that was silent for longer is taken for gone: four heartbeats.

    This is for people: no job is taken from a worker because of it. Clocks of several machines should agree to seconds.
    """
    return _MISSED_BEATS * current_settings().jobs.heartbeat_seconds


def list_workers(*, everyone: bool = False, now: datetime | None = None) -> tuple[WorkerView, ...]:
    """Workers, who was heard last first, with what each is running: two queries. `everyone`: those gone as well."""
    moment = now or datetime.now(UTC)
    rows = Worker.objects.all() if everyone else Worker.objects.exclude(state__in=GONE)
    jobs: dict[str, list[Running]] = {}
    fields: Any = ("worker", "pk", "operation", "progress", "started_at")
    for worker, job_id, operation, progress, started in Job.objects.filter(state=State.RUNNING).values_list(*fields):
        seconds = (moment - started).total_seconds() if started else 0.0
        running = Running(job_id=job_id, operation=operation, progress=progress, seconds=seconds)
        jobs.setdefault(worker.partition("#")[0], []).append(running)  # after the # stands the child's process id
    return tuple(_view(row, moment, tuple(jobs.get(row.name, ()))) for row in rows)


def _view(row: Worker, now: datetime, running: tuple[Running, ...]) -> WorkerView:
    silent = (now - row.last_seen_at).total_seconds()
    return WorkerView(
        name=row.name,
        host=row.host,
        pid=row.pid,
        queues=tuple(row.queues),
        concurrency=row.concurrency,
        state=row.state,
        alive=row.state not in GONE and silent <= alive_seconds(),
        started_at=row.started_at,
        last_seen_at=row.last_seen_at,
        silent_seconds=silent,
        running=running,
    )


def mark_lost(now: datetime) -> int:
    """Mark workers that have been silent for too long as lost; how many. One that speaks again is running again."""
    since = now - timedelta(seconds=alive_seconds())
    silent = Worker.objects.exclude(state__in=GONE).filter(last_seen_at__lt=since)
    if not silent.exists():  # an UPDATE takes SQLite's only writer's turn even when it changes nothing
        return 0
    return silent.update(state=WorkerState.LOST)
