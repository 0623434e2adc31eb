"""Keeping predictions: at once in memory, soon in the database, on disk whenever that cannot be."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from augury.errors import InvalidInput, Unavailable
from augury_server.predictions.recording import PredictionRecord, record_predictions
from augury_server.serving.recording.beating import Beat
from augury_server.serving.recording.committing import Commits
from augury_server.serving.recording.counters import Counters, RecordingCounts
from augury_server.serving.recording.encoding import encode_record
from augury_server.serving.recording.frames import frame
from augury_server.serving.recording.put_aside import Aside, AsideFile
from augury_server.serving.recording.replaying import Replayer
from augury_server.serving.recording.spill import SpillLog
from augury_server.serving.recording.storing import BATCH, Store, Write, gently
from augury_server.serving.recording.writer_process import WriterProcess
from augury_server.serving.recording.writing import Writer, put_back, take
from augury_server.settings.sections import ServingSettings
from augury_server.telemetry.logs import get_log

__all__ = ["Recorder"]

log = get_log(__name__)

_STOP_SECONDS = 15.0


class Recorder:
    """Takes predictions from those who answer requests and sees that each is in the database once.

    `settings.record` is off (nothing is kept), buffered (`offer`: memory, then the database) or durable (`keep`: on
    disk before it returns, then the database). While the database is away, or slower than predictions come, records go
    to files in `folder`, which other processes share, and from there to the database in their order. Files of a process
    that was killed are taken over by another. What is on disk survives a loss of power. A killed process loses what it
    was offered, not told to keep, in about the last two `flush_seconds`, and the batch that is being written.

    `settings.writer` writes to the database: a "thread" with `write`, or a "process" that this one starts, with
    `record_predictions`; everything goes through files then, and the database's work takes no time from requests.
    """

    def __init__(
        self,
        settings: ServingSettings,
        folder: Path,
        write: Write = record_predictions,
    ) -> None:
        self._mode = settings.record
        self._most, self._high = settings.buffer_records, settings.buffer_records // 2
        self._waiting: deque[PredictionRecord] = deque()
        self._counters = Counters()
        self._commits = Commits()
        self._spill = SpillLog(folder, limit_bytes=settings.spill_megabytes << 20)
        self._aside = AsideFile(folder, self._counters)
        seconds = settings.flush_seconds
        self._disk = Beat("recorder: disk", self._to_disk, seconds)
        self._writer: Writer | WriterProcess
        self._database: Beat | WriterProcess
        self._process: WriterProcess | None = None
        if settings.writer == "process":
            self._process = self._writer = self._database = WriterProcess(folder, seconds, self._counters)
        else:
            store = Store(write, self._aside, self._counters)
            thread = Writer(self._waiting, self._spill, store, Replayer(store, self._counters), seconds)
            self._writer, self._database = thread, Beat("recorder: database", thread.turn, seconds, thread.release)
        self._orphaned = (0, 0)
        self._open = self._ended = False
        self._disk_problem = ""

    def start(self) -> None:
        """Claim a place in the folder and begin. Raises Misconfigured when the folder cannot be used."""
        if self._mode == "off":
            return
        self._spill.open()
        self._open = True
        self._database.start()
        self._disk.start()

    def stop(self, timeout_seconds: float = _STOP_SECONDS) -> None:
        """Write what waits, to disk where the database does not take it in time, and end; call it after the last offer.

        Blocks: call it in a thread of its own from a running event loop.
        """
        if not self._open:
            return
        self._open = False
        disk_works = self._disk.end(timeout_seconds)
        self._commits.refuse("the recorder has stopped")
        if not self._database.end(timeout_seconds):
            put_back(self._waiting, self._writer.in_hand)
        if disk_works:
            self._to_disk(everything=True)
        self._ended = True
        self._refuse_waiting()
        if disk_works:
            self._spill.close()

    def offer(self, record: PredictionRecord) -> None:
        """Take a record to memory. Never waits and never raises; one that finds no room is refused and counted."""
        if not self._open:
            if self._mode != "off":
                self._counters.add(refused=1)
            return
        waiting = self._waiting
        size = len(waiting)
        if size >= self._most:
            self._counters.add(refused=1)
            return
        waiting.append(record)
        if size >= self._high:
            self._disk.wake()
            self._database.wake()
        if self._ended:
            self._refuse_waiting()

    async def keep(self, records: Sequence[PredictionRecord]) -> None:
        """Take records; in durable mode they are on disk when it returns, in buffered mode it is `offer`.

        In durable mode raises Unavailable when they could not be put on disk, InvalidInput for a record that has no
        form as bytes; none of them is kept then, or, where the error came after the write, all.
        """
        if self._mode != "durable":
            for record in records:
                self.offer(record)
            return
        frames = [frame(encode_record(record)) for record in records]
        if not frames:
            return
        if not self._open:
            self._counters.add(refused=len(frames))
            raise Unavailable("the recorder is not running; predictions cannot be kept")
        done = self._commits.add(frames)
        self._disk.wake()
        if self._ended:
            self._commits.refuse("the recorder has stopped")
        try:
            await done
        except Unavailable:
            self._counters.add(refused=len(frames))
            raise

    def counts(self) -> RecordingCounts:
        """What became of the records so far. Never waits."""
        return self._counters.read(
            waiting=len(self._waiting) + len(self._writer.in_hand),
            backlog=self._spill.backlog + self._orphaned[0],
            backlog_bytes=self._spill.backlog_bytes + self._orphaned[1],
        )

    def problems(self) -> tuple[str, ...]:
        """What is wrong at present, for health: a database that takes nothing, a disk that is full."""
        disk = self._commits.problem or self._disk_problem
        return tuple(one for one in (self._writer.problem, self._writer.file_problem, disk) if one)

    def _to_disk(self, everything: bool = False) -> None:
        """Commit for those who wait; then, when the database cannot keep up, relieve memory."""
        kept = self._commits.commit(self._spill)
        if kept:
            self._counters.add(spilled=kept)
        self._relieve(everything)
        self._hand_over()

    def _hand_over(self) -> None:
        """Let the process that writes have what is on disk, and see that there is one."""
        if self._process is None:
            return
        try:
            self._spill.hand_over()
            self._process.start()
            self._orphaned = self._spill.orphaned()
        except OSError as error:
            self._disk_problem = f"{self._spill.folder}: {error.strerror}"

    def _relieve(self, everything: bool) -> None:
        while everything or self._writer.behind or len(self._waiting) >= self._high:
            records = take(self._waiting, BATCH)
            if not records or not self._spill_records(records):
                return
        self._disk_problem = ""

    def _spill_records(self, records: list[PredictionRecord]) -> bool:
        frames: list[bytes] = []
        aside: list[Aside] = []
        for record in gently(records):
            try:
                frames.append(frame(encode_record(record)))
            except InvalidInput as error:
                aside.append(Aside(reason=str(error), what=record))
        try:
            self._spill.append(frames)
            self._aside.put(aside)
        except (Unavailable, OSError) as error:
            if not self._disk_problem:
                log.warning("predictions cannot be put on disk", reason=str(error), records=len(records))
            self._disk_problem = str(error)
            put_back(self._waiting, records)
            return False
        self._disk_problem = ""
        self._counters.add(spilled=len(frames))
        return True

    def _refuse_waiting(self) -> None:
        lost = take(self._waiting, self._most + BATCH)
        if lost:
            self._counters.add(refused=len(lost))
            log.error("predictions were lost: neither the database nor the disk took them", records=len(lost))
