"""The supervisor of workers: as many processes as the queue asks for, within bounds; each change leaves its reason."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError, close_old_connections

from augury_server.jobs.models import Job, ScalingEvent, State
from augury_server.jobs.workers.bounds import bounds_of
from augury_server.jobs.workers.crew import Crew
from augury_server.jobs.workers.load import load_of
from augury_server.jobs.workers.policy import Load, Memory, ScalingPolicy, decide
from augury_server.processes.child import Program
from augury_server.processes.stop_sign import StopSign
from augury_server.settings import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["WorkerSupervisor", "worker_program"]

log = get_log(__name__)


def worker_program(queues: tuple[str, ...]) -> Program:
    """How a worker is started; it has time to finish or put back its jobs when it is told to stop."""
    settings = current_settings().jobs
    return Program(
        name="worker",
        command=[sys.executable, "-m", "augury_server.jobs", "--queues", ",".join(queues)],
        grace_seconds=settings.stop_seconds + 2 * settings.grace_seconds,
    )


class WorkerSupervisor:
    """Looks each second at what waits, asks the policy how many workers there should be, and sees to it.

    Only idle workers are dismissed: one that is busy when there are too many stays until it has nothing to do. While
    the database is away the number stays as it is. `now` is the time of day, `clock` measures durations.
    """

    def __init__(
        self,
        queues: tuple[str, ...] = ("default",),
        *,
        program: Program | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.queues = queues
        self.name = f"workers-{os.getpid()}@{socket.gethostname()}"
        self.crew = Crew(program or worker_program(queues), _pass_on, clock=clock)
        self._now, self._clock = now, clock
        self._memory = Memory()
        self._load = Load(waiting=0)
        self._away = False
        self._done = StopSign()

    def stop(self) -> None:
        """Ask `run` to stop all workers and return."""
        self._done.set()

    def run(self, *, look_seconds: float = 1.0) -> bool:
        """Keep workers running until `stop`; whether all of them ended by themselves."""
        try:
            while not self._done.is_set():
                self.step()
                self._done.wait(look_seconds)
        finally:
            had = self.crew.wanted
            clean = self.crew.stop()
            self._record(had, 0, "the supervisor stops")
        return clean

    def step(self) -> None:
        """One look: replace the dead, then grow or shrink."""
        for death in self.crew.look_after():
            log.warning(death.text)
            self._record(self.crew.wanted - 1, self.crew.wanted, death.text)
        try:
            close_old_connections()
            policy = self._policy()
            self._load = load_of(self.queues, [self._node(pid) for pid in self.crew.pids], now=self._now())
            decision = decide(policy, self._load, self._memory, current=self.crew.wanted, now=self._clock())
            self._memory = decision.memory
            self._resize(decision.processes, decision.reason)
            self._away = False
        except (DatabaseError, InterfaceError) as error:
            if not self._away:
                log.warning("workers stay as they are: the database is away", reason=str(error))
            self._away = True

    def _policy(self) -> ScalingPolicy:
        settings = current_settings().jobs
        bounds = bounds_of(self.queues[0])
        return ScalingPolicy(
            minimum=bounds.minimum,
            maximum=bounds.maximum,
            jobs_per_process=settings.concurrency,
            grow_after_seconds=settings.autoscale_grow_seconds,
            shrink_after_seconds=settings.autoscale_shrink_seconds,
        )

    def _node(self, pid: int) -> str:
        return f"worker-{pid}@{socket.gethostname()}"

    def _resize(self, processes: int, reason: str) -> None:
        had = self.crew.wanted
        if processes > had:
            self.crew.wanted = processes
            self.crew.look_after()
        elif processes < had:
            self.crew.dismiss(self._idle()[: had - processes])
        if self.crew.wanted != had:
            self._record(had, self.crew.wanted, reason)

    def _idle(self) -> list[int]:
        """Workers that run no job, youngest first."""
        busy = {name.partition("#")[0] for name in _running_workers()}
        return [pid for pid in reversed(self.crew.pids) if self._node(pid) not in busy]

    def _record(self, before: int, after: int, reason: str) -> None:
        log.info("worker processes", before=before, after=after, reason=reason)
        try:
            ScalingEvent.objects.create(
                at=self._now(),
                worker=self.name,
                queue=self.queues[0],
                from_processes=before,
                to_processes=after,
                reason=reason[:200],
                queue_length=self._load.waiting,
            )
        except (DatabaseError, InterfaceError) as error:
            log.warning("scaling event not written", reason=str(error))


def _running_workers() -> set[str]:
    return set(Job.objects.filter(state=State.RUNNING).values_list("worker", flat=True))


def _pass_on(_: str, line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a worker's own log line
