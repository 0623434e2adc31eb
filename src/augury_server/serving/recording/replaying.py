"""From disk to the database: files are read frame by frame, what is damaged is told, the rest is stored once."""

from __future__ import annotations

from pathlib import Path

from augury.errors import InvalidInput
from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.counters import Counters
from augury_server.serving.recording.encoding import FORMAT, decode_record
from augury_server.serving.recording.frames import scan
from augury_server.serving.recording.ownership import claim_orphans, files_of
from augury_server.serving.recording.put_aside import Aside
from augury_server.serving.recording.spill import SpillLog
from augury_server.serving.recording.storing import Store, gently
from augury_server.telemetry.logs import get_log

__all__ = ["Replayer"]

log = get_log(__name__)


class Replayer:
    """Stores what files hold, then lets go of it. What was stored before an interruption is sent again, by its id.

    Its methods raise what `Store.put` raises; the files stay then.
    """

    def __init__(self, store: Store, counters: Counters) -> None:
        self._put, self._counters = store.put, counters

    def replay_own(self, spill: SpillLog) -> None:
        """Everything that waits in our own log at this moment, in its order."""
        for stretch in spill.stretches():
            with stretch.path.open("rb") as file:
                file.seek(stretch.start)
                self._store(stretch.path, stretch.start, file.read(stretch.end - stretch.start))
            spill.forget(stretch)

    def replay_orphans(self, folder: Path) -> str:
        """Everything that ended processes left; processes that look at once share it out between them.

        A file that cannot be read stays, and the answer names it; it is empty when there is none.
        """
        problem = ""
        for owner in claim_orphans(folder):
            for path in files_of(folder, owner.name):
                try:
                    data = path.read_bytes()
                except OSError as error:
                    problem = f"{path} cannot be read: {error.strerror}"
                    continue
                if data.startswith(FORMAT):
                    self._store(path, len(FORMAT), data[len(FORMAT) :])
                elif not FORMAT.startswith(data):  # else killed while it was begun
                    self._set_apart(path)
                    continue
                path.unlink()
        return problem

    def _store(self, path: Path, start: int, data: bytes) -> None:
        found = scan(data)
        aside = [
            Aside(reason=f"bytes {start + first} to {start + last} of {path.name} are damaged", what=data[first:last])
            for first, last in found.damaged
        ]
        records: list[PredictionRecord] = []
        for payload in gently(found.payloads):
            try:
                records.append(decode_record(payload))
            except InvalidInput as error:
                aside.append(Aside(reason=str(error), what=payload))
        stored = self._put(records, aside)
        self._counters.add(replayed=stored, damaged=len(found.damaged), torn_bytes=found.torn)
        if found.torn:
            log.warning("the unfinished end of a spill file was cut", file=path.name, bytes=found.torn)

    def _set_apart(self, path: Path) -> None:
        apart = path.rename(path.with_suffix(".unreadable"))
        self._counters.add(damaged=1)
        log.error("a spill file is damaged or of another version and is left alone", file=str(apart))
