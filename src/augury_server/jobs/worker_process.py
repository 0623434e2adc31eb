"""A process that runs jobs: one of a worker's children, or the worker itself when it has none."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from augury_server.jobs.execution import run_job
from augury_server.jobs.lease import LeaseTerms
from augury_server.processes.child import die_with_parent
from augury_server.settings import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["WorkerProcess", "run_message"]

log = get_log(__name__)


def _never() -> bool:
    return False


@dataclass(slots=True)
class WorkerProcess:
    """What a process that runs jobs knows about itself; one of them is `current`.

    `expendable`: it may be killed for a job that does not stop, because its worker starts another.
    """

    name: str = ""
    stopping: Callable[[], bool] = _never
    expendable: bool = False
    told_to_stop: bool = False
    parent: int = 0

    def become_child(self) -> None:
        """In a child that was just forked: end with the parent."""
        self.expendable = True
        self.parent = os.getppid()
        die_with_parent()

    def run(self, job_id: UUID) -> bool:
        """Run one job to its end; False when there was nothing to do."""
        name = f"{self.name or socket.gethostname()}#{os.getpid()}"
        with self._heeding_terminate():
            done = run_job(job_id, worker=name, terms=self._terms())
        if self.parent and os.getppid() != self.parent:
            log.warning("the worker has gone; its child ends too")
            os._exit(1)
        return done

    @contextmanager
    def _heeding_terminate(self) -> Iterator[None]:
        """While a job runs in a child, SIGTERM asks it to stop in good order; at other times it ends the child."""
        if not self.expendable:
            yield
            return
        self.told_to_stop = False
        before = signal.signal(signal.SIGTERM, self._tell)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _tell(self, *_: Any) -> None:
        self.told_to_stop = True

    def _terms(self) -> LeaseTerms:
        settings = current_settings().jobs
        return LeaseTerms(
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            grace_seconds=settings.grace_seconds,
            stop_seconds=settings.stop_seconds,
            stopping=lambda: self.told_to_stop or self.stopping(),
            kill=(lambda: os.kill(os.getpid(), signal.SIGKILL)) if self.expendable else None,
        )


current = WorkerProcess()


def run_message(job_id: str) -> None:
    """Do what a message asks for. One that carries no id of a job is dropped."""
    try:
        known = UUID(job_id)
    except (ValueError, TypeError, AttributeError):
        log.warning("a message carries no id of a job and is dropped")
        return
    current.run(known)
