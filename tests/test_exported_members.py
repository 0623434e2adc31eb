"""What packages export: each name once, importable, and light to import (Ruff keeps the lists sorted)."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import augury

PACKAGES = ["augury"] + [module.name for module in pkgutil.walk_packages(augury.__path__, "augury.") if module.ispkg]
HEAVY = ("numba", "pandas", "scipy", "onnxruntime", "pyarrow", "duckdb", "talib", "typer", "rich")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_exported_name_is_listed_once_and_can_be_imported(name: str) -> None:
    package = importlib.import_module(name)
    exported = getattr(package, "__all__", [])
    assert len(set(exported)) == len(exported)
    for member in exported:
        assert getattr(package, member) is not None


def test_importing_augury_loads_no_heavy_library() -> None:
    code = f"import sys, augury; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == []


def test_rooms_load_no_compiled_kernels_until_a_name_is_used() -> None:
    rooms = [
        "audit",
        "backtest",
        "features",
        "ledger",
        "market",
        "metrics",
        "operations",
        "report",
        "sentiment",
        "signals",
        "strategies",
        "testing",
        "validation",
    ]
    imports = "; ".join(f"import augury.{room}" for room in rooms)
    code = f"import sys; {imports}; print(*[name for name in ('numba', 'talib', 'onnxruntime') if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == []


def test_the_command_line_starts_without_arrays_frames_or_kernels() -> None:
    heavy = ("numpy", "numba", "pandas", "talib", "onnxruntime", "duckdb", "pyarrow", "loky")
    code = f"import sys, augury.cli.main; print(*[name for name in {heavy!r} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == []
