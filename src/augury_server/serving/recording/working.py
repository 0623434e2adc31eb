"""The work of a process that writes what others hand over, with a report after each turn."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path

import msgspec

from augury_server.predictions.recording import record_predictions
from augury_server.serving.recording.beating import Beat
from augury_server.serving.recording.counters import Counters
from augury_server.serving.recording.put_aside import AsideFile
from augury_server.serving.recording.replaying import Replayer
from augury_server.serving.recording.spill import SpillLog
from augury_server.serving.recording.storing import Store
from augury_server.serving.recording.writer_process import WriterReport
from augury_server.serving.recording.writing import Writer

__all__ = ["write_until_end_of_input"]


def write_until_end_of_input(folder: Path, seconds: float) -> None:
    """Take over orphans every so many seconds, at the end of input once more; reports go to standard output."""
    counters = Counters()
    store = Store(record_predictions, AsideFile(folder, counters), counters)
    nothing_own = SpillLog(folder, limit_bytes=1)
    writer = Writer(deque(), nothing_own, store, Replayer(store, counters), seconds)

    def turn() -> None:
        try:
            writer.turn()
        finally:
            report = WriterReport(counts=counters.read(), problem=writer.problem, file_problem=writer.file_problem)
            sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
            sys.stdout.buffer.flush()

    beat = Beat("writer of predictions", turn, seconds, writer.release)
    beat.start()
    sys.stdin.buffer.read()
    beat.end(None)
