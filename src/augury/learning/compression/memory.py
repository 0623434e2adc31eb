"""Peak memory of a graph: measured in a process of its own, since memory once taken is rarely given back."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from augury.errors import Unavailable
from augury.learning.artefacts.arrays import GraphInput

__all__ = ["peak_memory"]

_SECONDS = 120
_PROGRAM = """
import gc, resource, sys
import numpy as np, onnxruntime
unit = 1 if sys.platform == "darwin" else 1024

def resident():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

def peak():
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 4
feeds = dict(np.load(sys.argv[2]))
gc.collect()
try:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak so far is forgotten
except OSError:
    pass
before = resident()
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
for _ in range(3):
    session.run(None, {item.name: feeds[item.name] for item in session.get_inputs()})
print(max(peak() - before, 0))
"""


def peak_memory(graph: bytes, feeds: Mapping[str, GraphInput]) -> int:
    """Bytes by which the peak resident set of a fresh process grows when it loads the graph and runs `feeds` 3 times.

    Libraries and inputs are loaded before, one thread. The system counts whole pages. Raises Unavailable when the
    process fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "model.onnx").write_bytes(graph)
        arrays: dict[str, Any] = dict(feeds)
        np.savez(place / "feeds.npz", **arrays)
        command = [sys.executable, "-c", _PROGRAM, str(place / "model.onnx"), str(place / "feeds.npz")]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip()[-200:]
            raise Unavailable(f"the process that measures memory failed ({said}); measure again") from error
    return int(done.stdout)
