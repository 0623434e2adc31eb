"""Memory of a portfolio of 10 assets x 7,000,000 one-minute bars, rebalanced daily, read from files (run by --only)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from timing import sized

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "portfolio_memory.py"
BARS, SYMBOLS = sized(7_000_000, 100_000), 10


def run() -> list[dict[str, Any]]:
    """Files are written by one process and read by another, whose memory is the figure."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(SCRIPT), "--bars", str(BARS), "--symbols", str(SYMBOLS), "--folder", folder]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    what = f"{found['bars']:,} bars x {found['symbols']} assets, {found['fills']:,} fills"
    return [
        {"name": f"peak memory, {what}", "measured": f"{found['peak_megabytes']:,} MB", "bound": "2,000 MB"},
        {
            "name": "CPU time to align the calendars",
            "measured": f"{found['seconds_to_align_times']:.1f} s",
            "bound": "-",
        },
        {"name": "CPU time to run", "measured": f"{found['seconds_to_run']:.1f} s", "bound": "-"},
    ]
