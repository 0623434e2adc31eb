"""A first script from process start: reads a CSV of 2,148 bars, runs SMA 10/30, prints; median wall and CPU time."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from peers import vectorbt_engines
from timing import SMOKE, sized
from workloads import agreed, goog, peers_frame

SCRIPT = Path(__file__).with_name("start_script.py")


class Start(NamedTuple):
    """One process: wall and CPU seconds, peak megabytes, the numbers that it printed."""

    wall: float
    cpu: float
    peak: float
    numbers: tuple[float, ...]


def started(library: str, table: Path, cache: Path | None = None) -> Start:
    """Run the script in a process of its own; `cache` is a folder for Numba's cache instead of the usual one."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    begun = time.perf_counter()
    command = [sys.executable, str(SCRIPT), library, str(table)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the script with {library} left with {process.returncode}")
    *numbers, peak = (float(number) for number in printed.split())
    return Start(elapsed, usage.ru_utime + usage.ru_stime, peak, tuple(numbers))


def warm(library: str, table: Path) -> Start:
    """Medians of several starts after one that compiles what is not in the cache yet."""
    if not SMOKE:
        started(library, table)
    runs = [started(library, table) for _ in range(sized(5, 1))]
    middle = [statistics.median(values) for values in zip(*(run[:3] for run in runs), strict=True)]
    return Start(middle[0], middle[1], middle[2], runs[0].numbers)


def cold(library: str, table: Path) -> Start:
    """The quicker of two starts with an empty cache."""
    runs = []
    for _ in range(2 if library == "augury" else 1):
        with tempfile.TemporaryDirectory() as empty:
            runs.append(started(library, table, Path(empty)))
    return min(runs)


def row(name: str, ours: Start, peer: str, theirs: Start | None, target: str, note: str) -> dict[str, Any]:
    found = {"name": name, "ours": f"{ours.wall:.2f} s", "ours CPU": f"{ours.cpu:.2f} s"}
    found |= {"ours peak": f"{ours.peak:.0f} MB", "target": target, "peer": peer, "note": note}
    if theirs is None:
        return found
    found |= {"peer_time": f"{theirs.wall:.2f} s", "peer CPU": f"{theirs.cpu:.2f} s"}
    return found | {"peer peak": f"{theirs.peak:.0f} MB", "ratio": theirs.cpu / ours.cpu}


def run() -> list[dict[str, Any]]:
    ways = [("warm kernel cache", warm, "< 1 s"), ("no kernel cache", cold, "< 8 s")]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "GOOG.csv"
        peers_frame(goog()).rename_axis("date").to_csv(table)
        for name, way, target in ways[: sized(2, 1)]:
            ours = way("augury", table)
            if importlib.util.find_spec("vectorbt") is None:
                rows.append(row(name, ours, "vectorbt", None, target, "not installed"))
                continue
            for peer, engine in vectorbt_engines():
                theirs = way(f"vectorbt-{engine}", table)
                rows.append(row(name, ours, peer, theirs, target, agreed(ours.numbers, theirs.numbers)))
    return rows
