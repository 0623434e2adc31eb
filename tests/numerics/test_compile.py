"""Compiled kernels: cached, and the cache notices a change in another file that the kernel was built from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from augury.numerics.compile import _cache_on_disk, _ingredients, source_stamp
from augury.numerics.step_call import call_step

CALLEE = """
from augury.numerics.compile import kernel
FACTOR = {factor}
@kernel("float64(float64)")
def scaled(x):
    return FACTOR * x {change}
"""
CALLER = """
from callee import scaled, FACTOR
from augury.numerics.compile import kernel
@kernel("float64(float64)")
def twice(x):
    return scaled(x) + scaled(x) + 0.0 * FACTOR
print(twice(1.0), sum(twice._cache_hits.values()))
"""


def run(folder: Path) -> list[str]:
    command = [sys.executable, "-B", "-c", "import caller"]  # Python's own cache of sources counts whole seconds
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.split()


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_a_kernel_typed_into_a_session_is_compiled_without_a_cache(tmp_path: Path) -> None:
    lines = (
        "from augury.numerics.compile import kernel",
        '@kernel("float64(float64)")',
        "def twice(x):",
        "    return 2 * x",
        "",
        "print(twice(2.0))",
    )
    code = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4.0"]


def test_a_kernel_is_loaded_from_disk_and_compiled_anew_when_a_kernel_it_calls_changes(tmp_path: Path) -> None:
    write(tmp_path, "callee.py", CALLEE.format(factor=3.0, change=""))
    write(tmp_path, "caller.py", CALLER)
    assert run(tmp_path) == ["6.0", "0"]
    assert run(tmp_path) == ["6.0", "1"]
    write(tmp_path, "callee.py", CALLEE.format(factor=3.0, change="+ 1.0"))
    assert run(tmp_path) == ["8.0", "0"]
    write(tmp_path, "callee.py", CALLEE.format(factor=5.0, change="+ 1.0"))
    assert run(tmp_path) == ["12.0", "0"]
    assert run(tmp_path) == ["12.0", "1"]


TABLE = np.arange(3.0)


def _reads_a_table(x: float) -> float:
    return x + TABLE[1]


def test_a_table_and_an_intrinsic_that_a_kernel_was_built_from_are_part_of_its_stamp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = source_stamp(_reads_a_table)
    monkeypatch.setitem(_reads_a_table.__globals__, "TABLE", np.arange(3.0) + 1.0)
    assert source_stamp(_reads_a_table) != before
    monkeypatch.setitem(_reads_a_table.__globals__, "TABLE", call_step)
    assert "augury.numerics.step_call" in " ".join(_ingredients(_reads_a_table, set()))


def test_a_kernel_that_can_be_cached_nowhere_is_compiled_all_the_same() -> None:
    class Uncached:
        def enable_caching(self) -> None:
            raise RuntimeError("cannot cache function: no locator available")

    _cache_on_disk(Uncached(), _reads_a_table)


ALL_KERNELS = """
import importlib, sys
from numba.core.dispatcher import Dispatcher
from augury.numerics.compile_ahead import kernel_modules
modules = kernel_modules(["augury", "augury_server"])
for module in modules:
    importlib.import_module(module)
kernels = [
    value
    for name in modules
    for value in vars(sys.modules[name]).values()
    if isinstance(value, Dispatcher) and value.__module__ == name and not value._can_compile
]
assert {kernel.__module__ for kernel in kernels} == set(modules)
print(len(kernels), sum(sum(kernel._cache_hits.values()) for kernel in kernels))
"""

ONE_BACKTEST = """
import sys
import pandas as pd
from augury.backtest import run_backtest
days = pd.date_range("2020-01-01", periods=300, tz="UTC", name="timestamp")
close = pd.Series(range(300), index=days) % 17 + 100.0
bars = pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1.0}, index=days)
result = run_backtest("sma_crossover", bars, {"fast": 3, "slow": 9})
print(result.equity.iloc[-1].hex(), "numba.np.linalg" in sys.modules)
"""


def in_a_new_process(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr  # a symbol that is not there ends the whole process
    return done.stdout.split()


def test_every_kernel_is_loaded_from_disk_by_a_process_that_has_imported_no_compiler() -> None:
    in_a_new_process(ALL_KERNELS)
    kernels, loaded = in_a_new_process(ALL_KERNELS)
    assert int(kernels) > 100
    assert loaded == kernels


def test_a_backtest_from_kernels_on_disk_imports_nothing_that_only_compiling_needs() -> None:
    first, _ = in_a_new_process(ONE_BACKTEST)
    again, compiler = in_a_new_process(ONE_BACKTEST)
    assert again == first
    assert compiler == "False"
