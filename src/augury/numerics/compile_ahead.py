"""Compile kernels before anybody waits for them: in several processes, as Numba compiles one at a time in each."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from augury.errors import Unavailable

__all__ = ["compile_modules", "kernel_modules"]

_KERNEL = re.compile(r"^@kernel\(", re.MULTILINE)
_SAID = 600  # characters: Numba says in several lines what it could not compile
_PROGRAM = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"


def kernel_modules(packages: Iterable[str]) -> list[str]:
    """The modules of these installed packages, and of those in them, that define kernels, in alphabetical order.

    They are told by their sources, where `@kernel(` begins a line; nothing is imported.
    """
    found: list[str] = []
    for package in packages:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            files = (file for file in Path(place).rglob("*.py") if _KERNEL.search(file.read_text(encoding="utf-8")))
            found.extend(".".join((package, *file.relative_to(place).with_suffix("").parts)) for file in files)
    return sorted(found)


def compile_modules(modules: Sequence[str]) -> None:
    """Import the modules in a new process, which puts on disk those of their kernels that are not there yet.

    Raises Unavailable, with what the process said last, when it fails.
    """
    command = [sys.executable, "-c", _PROGRAM, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - modules of packages
    if done.returncode != 0:
        said = done.stderr.strip()[-_SAID:] or f"the process ended with {done.returncode}"
        raise Unavailable(f"the kernels of {', '.join(modules)} could not be compiled; see `augury doctor`: {said}")
