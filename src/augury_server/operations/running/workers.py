"""What the verbs of workers do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from augury.operations.operation import Progress
from augury_server.jobs.models import ScalingEvent
from augury_server.jobs.workers.bounds import bounds_of, reset_bounds, set_bounds
from augury_server.jobs.workers.ping import Pong, ping_workers
from augury_server.jobs.workers.queues import list_queues
from augury_server.jobs.workers.roster import Running, WorkerView, list_workers
from augury_server.operations.table import Table, counted
from augury_server.operations.workers import ListOptions, PingOptions, QueuesOptions, ScaleOptions, ScalingOptions

__all__ = ["NO_WORKER", "ping", "scale", "show_queues", "show_scaling", "show_workers"]

NO_WORKER = "no worker runs; start some with augury server up, or python -m augury_server.jobs"


def show_workers(spec: ListOptions, _: Progress) -> Table:
    """Workers with what each is running."""
    workers = list_workers(everyone=spec.all)
    alive = [worker for worker in workers if worker.alive]
    return Table(
        title=counted(len(alive), "worker"),
        columns=("name", "state", "queues", "at once", "running", "since", "heard s ago"),
        rows=tuple(
            (
                worker.name,
                _state(worker),
                ",".join(worker.queues),
                worker.concurrency,
                ", ".join(_job(job) for job in worker.running),
                _time(worker.started_at),
                round(worker.silent_seconds),
            )
            for worker in workers
        ),
        facts={
            "alive": len(alive),
            "jobs_at_once": sum(worker.concurrency for worker in alive),
            "jobs_running": sum(len(worker.running) for worker in workers),
        },
        notes=() if alive else (NO_WORKER,),
    )


def ping(spec: PingOptions, _: Progress) -> Table:
    """Ask every worker whether it is there."""
    pongs = ping_workers(timeout_seconds=spec.timeout_seconds)
    words = {None: "not asked", True: "replied", False: "silent"}
    silent = [pong for pong in pongs if not pong.alive]
    return Table(
        title=f"{len(pongs) - len(silent)} of {counted(len(pongs), 'worker')} alive",
        columns=("name", "reply", "heard s ago", "verdict"),
        rows=tuple(
            (
                pong.name,
                words[pong.answered],
                None if math.isnan(pong.silent_seconds) else round(pong.silent_seconds, 1),
                "ok" if pong.alive else "missing",
            )
            for pong in pongs
        ),
        notes=_ping_notes(pongs),
        exit_code=1 if silent or not pongs else 0,
    )


def _ping_notes(pongs: Sequence[Pong]) -> tuple[str, ...]:
    if not pongs:
        return (NO_WORKER,)
    if pongs[0].answered is not None:
        return ()
    return ("messages travel in files here, which carry no questions: the heartbeat in the database decides",)


def show_queues(_: QueuesOptions, __: Progress) -> Table:
    """What waits."""
    queues = list_queues()
    away = any(queue.messages is None for queue in queues)
    return Table(
        title=f"{counted(sum(queue.due for queue in queues), 'job')} due",
        columns=("queue", "due", "later", "running", "oldest s", "messages"),
        rows=tuple(
            (queue.queue, queue.due, queue.later, queue.running, round(queue.oldest_seconds), queue.messages)
            for queue in queues
        ),
        notes=("the broker of messages cannot be reached: jobs wait until it is back",) if away else (),
        exit_code=1 if away else 0,
    )


def show_scaling(spec: ScalingOptions, _: Progress) -> Table:
    """How the number of workers changed."""
    events = ScalingEvent.objects.order_by("-at")[: spec.last]
    return Table(
        title="Changes of the number of workers, newest first",
        columns=("at", "supervisor", "queue", "before", "after", "waiting", "reason"),
        rows=tuple(
            (
                _time(event.at),
                event.worker,
                event.queue,
                event.from_processes,
                event.to_processes,
                event.queue_length,
                event.reason,
            )
            for event in events
        ),
    )


def scale(spec: ScaleOptions, _: Progress) -> Table:
    """Set or reset the bounds."""
    before = bounds_of(spec.queue)
    if spec.reset:
        reset_bounds(queue=spec.queue)
    else:
        fewest = before.minimum if spec.fewest is None else spec.fewest
        most = max(before.maximum, fewest) if spec.most is None else spec.most
        set_bounds(fewest, most, queue=spec.queue)
    after = bounds_of(spec.queue)
    return Table(
        title=f"Workers of {spec.queue}: {after.minimum} to {after.maximum}",
        facts={
            "before": f"{before.minimum} to {before.maximum}",
            "after": f"{after.minimum} to {after.maximum}",
            "set_by": after.by or "settings",
        },
    )


def _state(worker: WorkerView) -> str:
    return worker.state if worker.alive or worker.state in ("stopped", "lost") else "silent"


def _job(job: Running) -> str:
    return f"{job.operation} {job.progress:.0%} ({job.seconds:.0f} s)"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
