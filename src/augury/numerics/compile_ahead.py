"""Compile kernels before anybody waits for them: in several processes, as Numba compiles one at a time in each."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from augury.errors import Unavailable

__all__ = ["Compilers", "kernel_modules"]

_KERNEL = re.compile(r"^@kernel\(", re.MULTILINE)
_SAID = 600  # characters: Numba says in several lines what it could not compile
_PROGRAM = """
import importlib, sys
for line in sys.stdin:
    for name in line.split():
        importlib.import_module(name)
    print("done", file=sys.__stdout__, flush=True)
"""


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


class Compilers:
    """Processes that import modules, one for each thread that asks; what they import is on disk then.

    `with Compilers() as compilers:`, then `compilers.load(modules)` from as many threads as there shall be processes.
    """

    def __init__(self) -> None:
        self._own = threading.local()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, modules: Sequence[str]) -> None:
        """Import the modules in the process of this thread: kernels that are not on disk yet are compiled.

        Raises Unavailable, with what the process said last, when it fails.
        """
        if not hasattr(self._own, "process"):
            self._own.said = self._stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
            self._own.process = self._stack.enter_context(
                subprocess.Popen(  # noqa: S603 - this interpreter and the program above
                    [sys.executable, "-c", _PROGRAM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._own.said,
                    bufsize=0,
                )
            )
            self._stack.callback(self._own.process.terminate)
        process = self._own.process
        with suppress(BrokenPipeError):
            process.stdin.write(f"{' '.join(modules)}\n".encode())
        if not process.stdout.readline():
            self._own.said.seek(0)
            said = self._own.said.read().decode(errors="replace").strip()[-_SAID:]
            raise Unavailable(
                f"the kernels of {', '.join(modules)} could not be compiled; see `augury doctor`. The process that "
                f"imports them ended with {process.wait()} and said: {said or 'nothing'}"
            )
