"""The `warm` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from augury.operations.warm import WarmResult

__all__ = ["render"]


def render(result: WarmResult, console: Console) -> None:
    """One line."""
    console.print(f"{result.features} features and their kernels are compiled and cached ({result.seconds:.1f} s).")
