"""The scheduler: `python -m augury_server.jobs.scheduler` submits what is due each second and keeps jobs moving.

Run one on each machine if you like: every occurrence is submitted once however many there are, and a scheduler that
dies leaves nothing that another one, or itself started again, would not do. That is why it is not Celery's beat: that
one keeps the time of the last run in memory or a file of its own, and two of them submit everything twice.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from augury.errors import AuguryError
from augury_server.processes.stop_sign import StopSign
from augury_server.settings import prepare

__all__ = ["Scheduler", "main"]

TICK_SECONDS = 1.0


class Scheduler:
    """One round a tick: due schedules, then the keeper's duties; a database that is away is waited for.

    `now` is the time of day. A clock that goes back makes nothing due until it has caught up; one that goes forward
    makes occurrences missed, which their schedule's catch-up rule answers.
    """

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        from augury_server.jobs.keeper import Keeper
        from augury_server.telemetry.logs import get_log

        self._now = now
        self._keeper = Keeper(now=now)
        self._log = get_log(__name__)
        self._away = self._begun = False
        self._done = StopSign()

    def stop(self) -> None:
        """Ask `run` to return after the round that is under way."""
        self._done.set()

    def run(self, *, tick_seconds: float = TICK_SECONDS) -> None:
        """Rounds until `stop`."""
        self._log.info("scheduler started")
        while not self._done.is_set():
            self.step()
            self._done.wait(tick_seconds)
        self._log.info("scheduler stopped")

    def step(self) -> bool:
        """One round; False when the database is away."""
        from django.db import DatabaseError, InterfaceError, close_old_connections

        from augury_server.jobs.schedules.defaults import add_default_schedules
        from augury_server.jobs.schedules.run_due import run_due
        from augury_server.jobs.workers.roster import mark_lost

        try:
            close_old_connections()
            if not self._begun:
                add_default_schedules(now=self._now())
                self._begun = True
            run_due(self._now())
            self._keeper.step()
            mark_lost(self._now())
        except (DatabaseError, InterfaceError) as error:
            if not self._away:
                self._log.warning("schedules wait for the database", reason=str(error))
            self._away = True
            return False
        self._away = False
        return True


def main() -> None:
    """Run until SIGTERM or SIGINT; an error of ours becomes one line on standard error and exit code 1."""
    try:
        prepare()
        scheduler = Scheduler()
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, lambda *_: scheduler.stop())
        scheduler.run()
    except AuguryError as error:
        sys.exit(f"augury: {error}")


if __name__ == "__main__":
    main()
