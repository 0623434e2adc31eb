"""A worker: takes messages, runs jobs in child processes, keeps jobs moving; `python -m augury_server.jobs`.

Asked to stop (SIGTERM, Ctrl-C) it takes no more jobs, lets the running ones go on for `jobs.stop_seconds`, then
interrupts them at their next step of progress and puts them back.
"""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from celery import signals

from augury.operations.registry import operations
from augury_server.jobs import worker_process
from augury_server.jobs.celery_app import celery_app, declare_queues
from augury_server.jobs.forking import database_use, guard_forks, without_pool
from augury_server.jobs.keeper import Keeper, KeeperThread
from augury_server.jobs.operations import import_extra_operations
from augury_server.jobs.stopping import StopSign
from augury_server.settings import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["Companion", "WorkerTerms", "run_worker"]

log = get_log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTerms:
    """Which queues a worker serves and how.

    `prefork` runs jobs in child processes that can be killed, `solo` in the worker's own. `name` tells
    the workers of one machine apart; None for `concurrency` means what the settings of jobs say.
    """

    queues: tuple[str, ...] = ("default",)
    concurrency: int | None = None
    pool: Literal["prefork", "solo"] = "prefork"
    name: str = ""

    @property
    def node(self) -> str:
        """The worker's name among all: name@host."""
        return f"{self.name or f'worker-{os.getpid()}'}@{socket.gethostname()}"


class Companion(Protocol):
    """What runs beside a worker in its main process: reports it, scales it.

    All three are called with the database usable; `step` again and again, every `jobs.poll_seconds`. What uses the
    database from a thread of its own does so under `forking.database_use`.
    """

    def start(self, worker: Any, terms: WorkerTerms) -> None:
        """The worker (Celery's) takes messages from now on."""
        ...

    def step(self) -> None:
        """One round."""
        ...

    def close(self) -> None:
        """The worker has stopped."""
        ...


def run_worker(terms: WorkerTerms, companions: Sequence[Companion] = ()) -> int:
    """Work until told to stop; the exit code. Django must be ready and its database not yet used in this process."""
    without_pool()
    guard_forks()
    import_extra_operations()
    operations()  # imported once, before children are forked
    sign = StopSign()
    worker_process.current = worker_process.WorkerProcess(name=terms.node, stopping=sign.shown)
    _quieten()
    keeper = KeeperThread(Keeper(), [companion.step for companion in companions])

    def begin(worker: Any) -> None:
        with database_use():
            for companion in companions:
                companion.start(worker, terms)
        keeper.start()
        log.info("worker ready", worker=terms.node, queues=",".join(terms.queues), processes=worker.concurrency)

    with _listening(sign, begin):
        worker = _celery_worker(terms)
        worker.start()
    keeper.close()
    with database_use():
        for companion in companions:
            companion.close()
    log.info("worker stopped", worker=terms.node)
    return int(worker.exitcode or 0)


def _celery_worker(terms: WorkerTerms) -> Any:
    app = celery_app()
    declare_queues(app, terms.queues)
    return app.Worker(
        hostname=terms.node,
        pool=terms.pool,
        concurrency=1 if terms.pool == "solo" else terms.concurrency or current_settings().jobs.concurrency,
        queues=[f"augury-{name}" for name in terms.queues],
        quiet=True,
        without_gossip=True,
        without_heartbeat=True,
        without_mingle=True,
    )


@contextmanager
def _listening(sign: StopSign, begin: Callable[[Any], None]) -> Iterator[None]:
    """Hear what Celery says of this worker: ready, a child was born, told to stop. Logs stay as they were set up."""

    def born(**_: Any) -> None:
        worker_process.current.become_child()

    def ready(sender: Any, **_: Any) -> None:
        begin(sender.controller)

    def told(**_: Any) -> None:
        sign.show()

    def logs_are_set_up(**_: Any) -> None:
        pass

    heard = (
        (signals.setup_logging, logs_are_set_up),
        (signals.worker_process_init, born),
        (signals.worker_ready, ready),
        (signals.worker_shutting_down, told),
    )
    for signal, receiver in heard:
        signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        for signal, receiver in heard:
            signal.disconnect(receiver)


def _quieten() -> None:
    """Leave the log of jobs to the room: what Celery says of each message would double it."""
    for name in ("celery.app.trace", "celery.worker.strategy", "celery.redirected", "kombu"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
