"""Process start and peak memory, warm kernels."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Any

from timing import SMOKE, sized

COMMANDS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("import augury", ("-c", "import augury"), 0.4),
    ("augury --help", ("-m", "augury", "--help"), 0.6),
    ("augury demo", ("-m", "augury", "demo"), 5.0),
    ("augury doctor", ("-m", "augury", "doctor"), 5.0),
)


def measure(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Wall seconds and peak resident megabytes of one fresh interpreter."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{arguments} left with {process.returncode}")
    return elapsed, usage.ru_maxrss / 1024


def run() -> list[dict[str, Any]]:
    rows = []
    bare = statistics.median(measure(("-c", "pass"))[0] for _ in range(sized(5, 1)))
    for name, arguments, bound in COMMANDS:
        if not SMOKE:
            measure(arguments)  # compiles what is not in the cache
        results = [measure(arguments) for _ in range(sized(5, 1))]
        rows.append(
            {
                "name": name,
                "median": f"{statistics.median(wall for wall, _ in results):.3f} s",
                "bound": f"{bound:g} s",
                "peak": f"{max(memory for _, memory in results):.0f} MB",
                "note": f"an empty interpreter takes {bare:.3f} s",
            }
        )
    return rows
