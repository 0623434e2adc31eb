"""Compile all kernels that are not on disk yet, on every processor.

    python scripts/compile_kernels.py

A kernel is compiled when its module is imported for the first time. Processes that start together, as those of the
tests do, would each compile all of them. `augury warm` is for an installed library: it compiles in its own process, and
builds the features too; the kernels of the platform, of labels and of charts it leaves alone.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
PORTION = 8
"""Modules handed out together: neighbours import the same others."""


def kernel_modules() -> list[str]:
    """The modules in which kernels are defined."""
    files = sorted(SOURCES.rglob("*.py"))
    found = [file for file in files if "\n@kernel(" in file.read_text(encoding="utf-8")]
    return [".".join(file.relative_to(SOURCES).with_suffix("").parts) for file in found]


def load(module: str) -> None:
    """Import a module: its kernels are on disk then."""
    import_module(module)


def main() -> None:
    began = time.perf_counter()
    modules = kernel_modules()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(load, modules, chunksize=PORTION))
    print(f"kernels of {len(modules)} modules are on disk ({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
