"""What could not be judged, and why."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from augury.cli.wording import printable, without_python

__all__ = ["print_refusals"]


def print_refusals(refused: Mapping[str, str], console: Console) -> None:
    """One line for each thing that was refused."""
    for name, reason in refused.items():
        shown = escape(printable(without_python(reason.removeprefix(name + ": "))))
        console.print(f"[bold red]{escape(printable(name))}[/]: {shown}", soft_wrap=True)
