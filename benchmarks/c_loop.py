"""The hand-written C loop of `sma_sweep.c`, compiled here and now for this machine."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from augury.backtest import BacktestSpec
from augury.market.bars import BarArrays
from augury.strategies.running_sums import running_sums

__all__ = ["FLAGS", "compiled_sweep"]

FLAGS = ("-O3", "-march=native")
_DOUBLES, _INTS = (np.ctypeslib.ndpointer(kind, flags="C") for kind in (np.float64, np.int64))

Sweep = Callable[[BarArrays, np.ndarray, BacktestSpec], np.ndarray]


def compiled_sweep() -> tuple[Sweep | None, str]:
    """The loop, (bars, pairs int64[m, 2], spec) -> float64[m, 3], and its compiler; else None and why not."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        return None, "no C compiler (cc) on this machine"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "sma_sweep.so"
        source = Path(__file__).with_name("sma_sweep.c")
        command = [compiler, *FLAGS, "-shared", "-fPIC", "-o", str(target), str(source), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return None, f"{compiler} failed: {done.stderr.strip()[:80]}"
        function = ctypes.CDLL(str(target)).sma_sweep
    number = ctypes.c_double
    function.argtypes = [_DOUBLES] * 3 + [ctypes.c_size_t, _INTS, ctypes.c_size_t] + [number] * 4 + [_DOUBLES]
    function.restype = None

    def sweep(bars: BarArrays, grid: np.ndarray, spec: BacktestSpec) -> np.ndarray:
        opens, closes = (np.ascontiguousarray(bars.matrix[row]) for row in (0, 3))
        sums, out = np.empty(len(bars)), np.empty((len(grid), 3))
        running_sums(closes, sums)  # the sums that Augury's averages come from, so that both decide alike
        function(
            opens, closes, sums, len(bars), np.ascontiguousarray(grid), len(grid), spec.initial_cash,
            spec.costs.commission_rate, spec.costs.slippage_rate, spec.periods_per_year or 252.0, out,
        )  # fmt: skip
        return out

    return sweep, " ".join([Path(compiler).name, *FLAGS])
