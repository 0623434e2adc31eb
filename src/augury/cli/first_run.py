"""Telling a newcomer why the first run takes longer."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from augury import numerics

__all__ = ["announce_first_run"]


def announce_first_run(console: Console) -> None:
    """One line on standard error while no compiled kernel is cached yet; nothing on later runs."""
    if not any(next(place.rglob("*.nbi"), None) for place in _caches() if place.is_dir()):
        console.print("First run: compiling kernels, which takes a while; later runs start at once.", style="dim")


def _caches() -> list[Path]:
    """Where Numba keeps compiled kernels: the folder it was told, else beside the source or in the user's cache."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder:
        return [Path(folder)]
    places = [Path(numerics.__file__).parent]
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # a user without a home, as in some containers
        return places
    return [*places, Path(cache) / "numba"]
