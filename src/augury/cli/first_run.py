"""Telling a newcomer why the first run takes longer."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from augury import numerics

__all__ = ["announce_first_run"]


def announce_first_run(console: Console) -> None:
    """One line on standard error while no compiled kernel is cached yet; nothing on later runs."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(folder)] if folder else [Path(numerics.__file__).parent, Path.home() / ".cache" / "numba"]
    if not any(next(place.rglob("*.nbi"), None) for place in places if place.is_dir()):
        console.print("First run: compiling kernels, which takes a while; later runs start at once.", style="dim")
