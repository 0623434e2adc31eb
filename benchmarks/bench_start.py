"""A first script from process start: reads a CSV of 2,148 bars, runs SMA 10/30, prints; wall time and memory."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from math import isnan, nan
from pathlib import Path
from typing import Any

from timing import SMOKE, sized
from workloads import agreed, goog, peers_frame

SCRIPT = Path(__file__).with_name("start_script.py")


def started(library: str, table: Path, cache: Path | None) -> tuple[float, float, list[float]]:
    """Wall seconds, peak megabytes and the numbers that it printed; `cache` is the folder of Numba's cache."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), library, str(table)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    printed = process.stdout.read()
    left = process.wait()
    elapsed = time.perf_counter() - begun
    process.stdout.close()
    if left != 0:
        raise RuntimeError(f"{library}'s script left with {left}")
    *numbers, peak = [float(number) for number in printed.split()]
    return elapsed, peak, numbers


def measured(library: str, table: Path, cold_runs: int) -> tuple[float, float, float, list[float]]:
    """(median seconds with a warm cache, least seconds with none, peak megabytes warm, what it printed)."""
    cold = []
    for _ in range(cold_runs):
        with tempfile.TemporaryDirectory() as empty:
            cold.append(started(library, table, Path(empty))[0])
    if not SMOKE:
        started(library, table, None)  # compiles what is not in the cache
    runs = [started(library, table, None) for _ in range(sized(5, 1))]
    seconds = statistics.median(run[0] for run in runs)
    return seconds, min(cold, default=nan), max(run[1] for run in runs), runs[0][2]


def row(name: str, ours: float, theirs: float, unit: str, target: str, note: str) -> dict[str, Any]:
    found = {"name": name, "ours": f"{ours:.3g} {unit}", "peer": "vectorbt", "target": target, "note": note}
    return found if isnan(theirs) else found | {"peer_time": f"{theirs:.3g} {unit}", "ratio": theirs / ours}


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "GOOG.csv"
        peers_frame(goog()).rename_axis("date").to_csv(table)
        warm, cold, peak, printed = measured("augury", table, sized(2, 0))
        if importlib.util.find_spec("vectorbt") is None:
            warm_too, cold_too, peak_too, note = nan, nan, nan, "not installed"
        else:
            warm_too, cold_too, peak_too, theirs = measured("vectorbt", table, sized(1, 0))
            note = agreed(printed, theirs)
    rows = [
        row("from process start, warm kernel cache", warm, warm_too, "s", "< 1 s", note),
        row("peak memory of that", peak, peak_too, "MB", "", note),
    ]
    return (
        rows if isnan(cold) else [*rows, row("from process start, no kernel cache", cold, cold_too, "s", "< 8 s", note)]
    )
