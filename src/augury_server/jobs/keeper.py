"""Keeping jobs moving: dead ones are taken back, due ones announced, lost messages sent again.

Every worker and every scheduler keeps; any number at once do no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from augury.errors import Unavailable
from augury_server.jobs.dispatch import resend_lost, send_due
from augury_server.jobs.forking import database_use
from augury_server.jobs.lost_leases import Dead, LeaseWatch, expire
from augury_server.settings import current_settings
from augury_server.settings.sections import JobSettings
from augury_server.telemetry.logs import get_log

__all__ = ["Keeper", "KeeperThread", "Kept"]

log = get_log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one round did: jobs taken back from dead workers, messages sent for due jobs, messages sent again."""

    expired: int = 0
    sent: int = 0
    resent: int = 0


class Keeper:
    """Does one round at a time; `now` is the time of day for what is due, `clock` measures durations."""

    def __init__(
        self,
        settings: JobSettings | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or current_settings().jobs
        self._now, self._clock = now, clock
        self._watch = LeaseWatch(self.settings.lease_seconds, self.settings.poll_seconds, clock)
        self._resent_at = clock()
        self._away = False

    def step(self) -> Kept:
        """One round. A broker that is away is said once in the log; rows wait."""
        expired = [dead for dead in self._watch.look() if self._expire(dead)]
        sent = resent = 0
        try:
            sent = send_due(self._now())
            if self._clock() - self._resent_at >= self.settings.resend_seconds / 2:
                self._resent_at = self._clock()
                resent = resend_lost(self._now(), after_seconds=self.settings.resend_seconds)
                if resent:
                    log.warning("messages had been lost and were sent again", jobs=resent)
            self._away = False
        except Unavailable as error:
            if not self._away:
                log.warning("jobs wait for the broker", reason=str(error))
            self._away = True
        return Kept(expired=len(expired), sent=sent, resent=resent)

    def _expire(self, dead: Dead) -> bool:
        move = expire(dead, self._now())
        if move:
            log.warning("job taken back", job=str(dead.job_id), move=move)
        return bool(move)


class KeeperThread:
    """Rounds in the background, with the duties of others beside them, until `close`; errors are logged, not fatal."""

    def __init__(self, keeper: Keeper, duties: Sequence[Callable[[], object]] = ()) -> None:
        self._keeper, self._duties = keeper, tuple(duties)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="keeper of jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the round that is under way."""
        self._done.set()
        self._thread.join()

    def _work(self) -> None:
        away = False
        try:
            while not self._done.wait(self._keeper.settings.poll_seconds):
                try:
                    with database_use():
                        close_old_connections()
                        self._keeper.step()
                        for duty in self._duties:
                            duty()
                    away = False
                except (DatabaseError, InterfaceError) as error:
                    if not away:
                        log.warning("jobs wait for the database", reason=str(error))
                    away = True
        finally:
            with database_use():
                connection.close()
