"""How many records went which way."""

from __future__ import annotations

import threading
from dataclasses import dataclass

__all__ = ["Counters", "RecordingCounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingCounts:
    """Since the process started; `waiting`, `backlog` and `backlog_bytes` are of now.

    `recorded`: the database has them, `replayed` of those from disk, those of ended processes included. `spilled`: put
    on disk. `refused`: taken by nobody, because memory and disk were full or the recorder had stopped. `put_aside`: the
    database will not have them, or nobody can read them; they are in the file of put-aside records. `damaged`: frames
    with a wrong checksum, `torn_bytes`: unfinished ends of files. `waiting`: in memory. `backlog`: on disk, ours.
    """

    recorded: int = 0
    replayed: int = 0
    spilled: int = 0
    refused: int = 0
    put_aside: int = 0
    damaged: int = 0
    torn_bytes: int = 0
    waiting: int = 0
    backlog: int = 0
    backlog_bytes: int = 0


class Counters:
    """Counts that several threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, **more: int) -> None:
        """Add to counts, named as in `RecordingCounts`."""
        with self._lock:
            for name, number in more.items():
                self._counts[name] = self._counts.get(name, 0) + number

    def read(self, **present: int) -> RecordingCounts:
        """The counts with what is waiting at present."""
        with self._lock:
            return RecordingCounts(**self._counts, **present)
