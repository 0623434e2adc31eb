"""The thread beside a running job: renews its claim, writes its progress, and stops it when it must stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, close_old_connections, connection

from augury_server.jobs.claims import Claim, beat
from augury_server.jobs.interruption import Interrupted, Reason, settle_interrupted
from augury_server.telemetry.logs import get_log

__all__ = ["Lease", "LeaseTerms"]

log = get_log(__name__)


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """How a lease is kept: seconds, whether the worker is stopping, and how this process is ended when all else fails.

    `kill` ends the process at once; None where it must not, as in a worker without child processes.
    """

    lease_seconds: float
    heartbeat_seconds: float
    grace_seconds: float
    stop_seconds: float
    stopping: Callable[[], bool] = _never
    kill: Callable[[], None] | None = None
    tick_seconds: float = 0.5
    clock: Callable[[], float] = time.monotonic


class Lease:
    """Held while a job runs. Durations are measured by a clock that no one sets.

    A job that is cancelled, out of time, lost to another worker or whose worker stops is interrupted at its next step
    of progress; one that takes no step within the grace is settled here and its process killed.
    """

    def __init__(self, claim: Claim, terms: LeaseTerms) -> None:
        self._claim, self._terms = claim, terms
        self._done, self._sealed = threading.Event(), False
        self._settling = threading.Lock()
        self._progress, self._written = (0.0, ""), (0.0, "")
        self._started = self._beaten = terms.clock()
        self._stop_seen: float | None = None
        self.reason: Reason | None = None
        self._reason_at = 0.0
        self._thread = threading.Thread(target=self._watch, name=f"lease of {claim.job_id}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def report(self, fraction: float, text: str) -> None:
        """Say how far the job is; written with the next heartbeat, half a second later at most."""
        self._progress = (fraction, text)

    @property
    def last_text(self) -> str:
        """The step that was reported last, written or not."""
        return self._progress[1][:200]

    def check(self) -> None:
        """Raise Interrupted when the job must stop."""
        if self.reason is not None and not self._sealed:
            raise Interrupted(self.reason)

    def seal(self) -> None:
        """The operation has ended: keep the lease while the result is written, interrupt no more."""
        with self._settling:
            self._sealed = True

    def _watch(self) -> None:
        try:
            while not self._done.wait(self._terms.tick_seconds):
                self.tick()
        finally:
            connection.close()

    def tick(self) -> None:
        """One look: is it time to beat, to interrupt, to kill?"""
        now = self._terms.clock()
        self._judge(now)
        if self._progress != self._written or now - self._beaten >= self._terms.heartbeat_seconds:
            self._beat(now)
        if self.reason is not None and now - self._reason_at >= self._terms.grace_seconds:
            self._end_by_force()

    def _interrupt(self, reason: Reason, now: float) -> None:
        if self.reason is None:
            self.reason, self._reason_at = reason, now

    def _judge(self, now: float) -> None:
        if now - self._started >= self._claim.timeout_seconds:
            self._interrupt(Reason.TIMED_OUT, now)
        if self._stop_seen is None and self._terms.stopping():
            self._stop_seen = now
        if self._stop_seen is not None and now - self._stop_seen >= self._terms.stop_seconds:
            self._interrupt(Reason.RELEASED, now)

    def _beat(self, now: float) -> None:
        progress = self._progress
        self._beaten = now
        try:
            close_old_connections()
            pulse = beat(
                self._claim,
                now=datetime.now(UTC),
                lease_seconds=self._terms.lease_seconds,
                progress=progress[0],
                text=progress[1],
            )
        except DatabaseError as error:  # nobody else can claim the job either while the database is away
            log.warning("heartbeat not written; tried again", job=str(self._claim.job_id), reason=str(error))
            return
        self._written = progress
        if not pulse.held:
            self._interrupt(Reason.LOST, now)
        elif pulse.cancel_requested:
            self._interrupt(Reason.CANCELLED, now)

    def _end_by_force(self) -> None:
        """Settle the job and kill this process, unless the operation ended meanwhile."""
        if self._terms.kill is None or self.reason is None:
            return
        with self._settling:
            if self._sealed:
                return
            try:
                settle_interrupted(self._claim, self.reason, datetime.now(UTC))
            except DatabaseError as error:
                log.warning("job not settled; tried again", job=str(self._claim.job_id), reason=str(error))
                return
            log.warning("job did not stop and is killed", job=str(self._claim.job_id), reason=self.reason.value)
            self._terms.kill()
