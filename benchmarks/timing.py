"""How the benchmarks take CPU time, and how large they are: `AUGURY_BENCH=smoke` makes them small."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["SMOKE", "beside", "best_of", "best_of_process", "peak_megabytes", "shown", "sized"]

Value = TypeVar("Value")

SMOKE = os.environ.get("AUGURY_BENCH") == "smoke"


def sized(full: Value, smoke: Value) -> Value:
    """A size or a number of repeats: the full one, or the one of a smoke run."""
    return smoke if SMOKE else full


def best_of(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.thread_time) -> float:
    """The least CPU seconds of this thread over some calls: what is left when the machine does not disturb."""
    best = float("inf")
    for _ in range(repeats):
        started = clock()
        work()
        best = min(best, clock() - started)
    return best


def best_of_process(work: Callable[[], object], repeats: int) -> float:
    """The same over all threads of the process, for what may start threads of its own."""
    return best_of(work, repeats, time.process_time)


def peak_megabytes() -> float:
    """Peak resident memory of this process since it started, in megabytes.

    From /proc where there is one: `ru_maxrss` begins with the size of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def shown(seconds: float) -> str:
    """Seconds as text in the unit that suits them.

    >>> shown(0.00042), shown(0.0312), shown(3.21)
    ('420 us', '31.2 ms', '3.21 s')
    """
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1.0:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def beside(mine: float, theirs: float, **words: str) -> dict[str, float | str]:
    """A row of a table: our time and the peer's, their ratio, and `words`: name, peer, target, agreement, note."""
    times: dict[str, float | str] = {"ours": shown(mine), "peer_time": shown(theirs), "ratio": theirs / mine}
    columns = ("name", "ours", "peer", "peer_time", "ratio", "target", "agreement", "note")
    return {column: times[column] if column in times else words[column] for column in columns}
