"""Several processes at one store: readers see whole versions, writers take turns, a killed one does no harm."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd

from augury.market.store import BarStore, BarStoreSpec

COMMON = """
import sys
import numpy as np
from augury.errors import NotFound
from augury.market.bars import bars_frame
from augury.market.store import BarStore, BarStoreSpec

def bars(first, count, mark):
    opened_at = (np.arange(first, first + count) * 60 + 1_700_000_000) * 10**9
    flat = np.full(count, 100.0)
    return bars_frame(opened_at, np.stack([flat, flat, flat, flat, np.full(count, float(mark))]))

store = BarStore(sys.argv[1], BarStoreSpec(compact_at_parts=3, lock_timeout_seconds=60.0))
print("ready", flush=True)
"""

# Version v of the series: v % 7 + 1 bars, each with volume v.
REWRITER = """
for mark in range(32):
    frame = bars(0, mark % 7 + 1, mark)
    store.replace_range("X", "1m", frame, frame.index[0], frame.index[0].value + 10**15)
store.append("END", "1m", bars(0, 1, 1))
"""
READER = """
seen = set()
while "END" not in store.symbols():
    try:
        frame = store.read("X", "1m")
        rows = store.query("SELECT volume FROM bars WHERE symbol = 'X'") if len(seen) % 5 == 0 else None
    except NotFound:
        continue
    for volumes in [frame["volume"]] + ([rows["volume"]] if rows is not None and len(rows) else []):
        mark = int(volumes.iloc[0])
        assert (volumes == mark).all() and len(volumes) == mark % 7 + 1, volumes
        seen.add(mark)
print(len(seen))
"""
# Both appenders write the same 40 bars in steps; each bar is new to exactly one of them.
APPENDER = """
new = 0
for first in range(0, 40, 4):
    new += store.append("X", "1m", bars(0, first + 4, 1))
print(new)
"""
FOREVER = """
first = 0
while True:
    store.append("X", "1m", bars(first, 5, 1))
    first += 5
"""


def started(folder: Path, *codes: str) -> list[subprocess.Popen[str]]:
    """Python processes at work on the store, past their imports."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COMMON + code, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in codes
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return processes


def finished(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output.strip()


def test_readers_see_one_version_at_a_time_while_a_writer_rewrites(tmp_path: Path) -> None:
    reader, writer = started(tmp_path, READER, REWRITER)
    store, seen = BarStore(tmp_path), set()
    while writer.poll() is None:
        if "X" in store.symbols():
            volumes = store.read("X", "1m")["volume"]
            mark = int(volumes.iloc[0])
            assert (volumes == mark).all()
            assert len(volumes) == mark % 7 + 1
            seen.add(mark)
    finished(writer)
    assert int(finished(reader)) >= 1
    assert len(seen) >= 1
    assert store.read("X", "1m")["volume"].tolist() == [31.0] * 4
    assert store.verify() == ()


def test_two_writers_of_one_series_take_turns(tmp_path: Path) -> None:
    writers = started(tmp_path, APPENDER, APPENDER)
    assert sum(int(finished(writer)) for writer in writers) == 40
    store = BarStore(tmp_path)
    assert len(store.read("X", "1m")) == 40
    assert store.verify() == ()


def test_a_writer_killed_in_the_middle_of_its_work_leaves_whole_appends(tmp_path: Path) -> None:
    store = BarStore(tmp_path, BarStoreSpec(lock_timeout_seconds=5.0))
    (writer,) = started(tmp_path, FOREVER)
    while not store.describe() or store.describe()[0].version < 9:
        assert writer.poll() is None, writer.communicate()[1]
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    assert store.verify() == ()
    frame = store.read("X", "1m")
    assert len(frame) % 5 == 0
    assert frame.index.to_series().diff().dropna().eq(pd.Timedelta("1min")).all()
    assert store.compact("X", "1m") == 1, "the lock of a killed writer is free"
