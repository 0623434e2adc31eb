"""What a worker says of itself: its row, renewed as long as it lives."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from augury_server.jobs import worker_process
from augury_server.jobs.models import Worker, WorkerState
from augury_server.settings import current_settings

__all__ = ["WorkerReport"]


class WorkerReport:
    """A companion of a worker: writes its row when it starts, with every heartbeat, and when it stops.

    `now` is the time of day that is written, `clock` measures the time between heartbeats.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now, self._clock = now, clock
        self._every = current_settings().jobs.heartbeat_seconds
        self._beaten = clock()
        self._name = ""
        self._row: dict[str, Any] = {}

    def start(self, worker: Any, terms: Any) -> None:
        """The worker takes messages from now on."""
        self._name = terms.node
        self._row = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "queues": list(terms.queues),
            "concurrency": int(worker.concurrency),
            "started_at": self._now(),
        }
        self._write(WorkerState.RUNNING)

    def step(self) -> None:
        """Renew the row when a heartbeat is due; put it back when somebody deleted it or took the worker for lost."""
        stopping = worker_process.current.stopping()
        if self._clock() - self._beaten >= self._every or (stopping and self._row.get("state") == WorkerState.RUNNING):
            self._write(WorkerState.STOPPING if stopping else WorkerState.RUNNING)

    def close(self) -> None:
        """The worker has stopped."""
        if self._name:
            self._write(WorkerState.STOPPED)

    def _write(self, state: str) -> None:
        self._beaten = self._clock()
        self._row["state"] = state
        values = {**self._row, "last_seen_at": self._now()}
        if not Worker.objects.filter(name=self._name).update(**values):
            Worker.objects.create(name=self._name, **values)
