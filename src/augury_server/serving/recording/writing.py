"""The writer: what waits in memory and on disk goes to the database, while it is there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from django.db import close_old_connections, connection

from augury.errors import Misconfigured, Unavailable
from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.patience import Patience
from augury_server.serving.recording.replaying import Replayer
from augury_server.serving.recording.spill import SpillLog
from augury_server.serving.recording.storing import BATCH, Store
from augury_server.telemetry.logs import get_log

__all__ = ["Writer", "put_back", "take"]

log = get_log(__name__)

_LONGEST_WAIT_SECONDS = 10.0
Waiting = deque[PredictionRecord]


def take(waiting: Waiting, most: int) -> list[PredictionRecord]:
    """Remove and return the oldest records, at most so many."""
    taken: list[PredictionRecord] = []
    try:
        while len(taken) < most:
            taken.append(waiting.popleft())
    except IndexError:  # empty, or emptied by another thread
        pass
    return taken


def put_back(waiting: Waiting, records: Sequence[PredictionRecord]) -> None:
    """Return what was taken and could not be kept; it is the oldest again."""
    waiting.extendleft(reversed(records))


class Writer:
    """One turn after the other, in one thread: first what waits on disk, then what waits in memory, then orphans.

    `in_hand` are the records that are being written just now; they are still in memory only. `problem` says why the
    database takes nothing, empty while it does; `file_problem` which file cannot be read. `seconds` are between turns;
    a turn that takes twice as long, and more than a second, is too slow to wait for.
    """

    def __init__(self, waiting: Waiting, spill: SpillLog, store: Store, replayer: Replayer, seconds: float) -> None:
        self._waiting, self._spill, self._store, self._replayer = waiting, spill, store, replayer
        self._patience = Patience(min(seconds, _LONGEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
        self._slow_seconds, self._clock = max(2 * seconds, 1.0), time.monotonic
        self._began: float | None = None
        self.in_hand: list[PredictionRecord] = []
        self.problem = self.file_problem = ""

    @property
    def behind(self) -> bool:
        """Whether what comes now should not wait for it: the database is away, or has been at work for too long."""
        began = self._began
        return self._patience.away or (began is not None and self._clock() - began > self._slow_seconds)

    def turn(self) -> None:
        """Write what waits at this moment; when the database is away, leave it alone for a while."""
        if not self._patience.is_over():
            return
        self._began = self._clock()
        problem = "an unexpected error; see the log"
        try:
            close_old_connections()
            self._replayer.replay_own(self._spill)
            self._write_waiting()
            self.file_problem = self._replayer.replay_orphans(self._spill.folder)
            problem = ""
        except (Unavailable, Misconfigured, OSError) as error:
            problem = str(error)
        finally:
            self._began = None
            self._note(problem)

    def release(self) -> None:
        """Close the connection of this thread."""
        connection.close()

    def _write_waiting(self) -> None:
        for _ in range(1 + len(self._waiting) // BATCH):
            self.in_hand = records = take(self._waiting, BATCH)
            try:
                self._store.put(records)
            except BaseException:
                put_back(self._waiting, records)
                raise
            finally:
                self.in_hand = []

    def _note(self, problem: str) -> None:
        self.problem = problem
        if problem:
            if not self._patience.away:
                log.warning("predictions wait for the database", reason=problem)
            self._patience.failed()
        else:
            if self._patience.away:
                log.info("the database takes predictions again")
            self._patience.succeeded()
