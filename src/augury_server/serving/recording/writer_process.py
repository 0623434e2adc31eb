"""A process that writes what this one hands over, so that the database's work is not done beside requests."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import msgspec

from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.counters import Counters, RecordingCounts
from augury_server.serving.recording.patience import Patience
from augury_server.telemetry.logs import get_log

__all__ = ["WriterProcess", "WriterReport"]

log = get_log(__name__)

_LONGEST_WAIT_SECONDS = 30.0


class WriterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says after each turn: what it did since it started, and what is wrong."""

    counts: RecordingCounts
    problem: str
    file_problem: str


_COUNTED = ("recorded", "replayed", "put_aside", "damaged", "torn_bytes")


class WriterProcess:
    """Runs `python -m augury_server.serving.recording`, and starts it again when it dies; it ends with this process.

    It has the parts of a `Writer` and of its `Beat` that a recorder uses. It works in its own rhythm, on orphans only.
    """

    behind = True
    """Whatever comes goes to disk at once."""

    def __init__(self, folder: Path, seconds: float, counters: Counters) -> None:
        self._command = [sys.executable, "-m", "augury_server.serving.recording", str(folder), str(seconds)]
        self._counters = counters
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._ending = False
        self._patience = Patience(seconds, _LONGEST_WAIT_SECONDS)
        self.in_hand: list[PredictionRecord] = []
        self.problem = self.file_problem = ""

    @property
    def pid(self) -> int:
        """The process; 0 when none runs."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start the process, or another one when it has died; not at once when that one said nothing before."""
        if self._ending or (self._process is not None and self._process.poll() is None):
            return
        if self._process is not None:
            self._close(f"the process that writes predictions died with status {self._process.returncode}")
        if not self._patience.is_over():
            return
        self._process = subprocess.Popen(  # noqa: S603 - the program is ours
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), name="recorder: reports", daemon=True
        )
        self._listener.start()

    def wake(self) -> None:
        """It looks by itself."""

    def end(self, timeout_seconds: float) -> bool:
        """Let it do one more turn and end; one that is not done in time is killed, and loses nothing by that."""
        self._ending = True
        process = self._process
        if process is None:
            return True
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._close()
        return True

    def _listen(self, reports: IO[bytes]) -> None:
        last = RecordingCounts()
        for line in reports:
            try:
                report = msgspec.json.decode(line, type=WriterReport)
            except msgspec.DecodeError:  # killed while it said something
                continue
            more = {name: getattr(report.counts, name) - getattr(last, name) for name in _COUNTED}
            self._counters.add(**more)
            last, self.problem, self.file_problem = report.counts, report.problem, report.file_problem
            self._patience.succeeded()

    def _close(self, problem: str = "") -> None:
        process: Any = self._process
        if self._listener is not None:
            self._listener.join()
        for pipe in (process.stdin, process.stdout):
            pipe.close()
        self._process = None
        if problem:
            log.error(problem)
            self.problem = problem
            self._patience.failed()
