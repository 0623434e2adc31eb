"""The `doctor` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from augury.operations.doctor import DoctorResult

__all__ = ["render"]

_LOOKS = {"fine": ("✓", "green"), "optional": ("·", "yellow"), "failed": ("✗", "bold red")}


def render(result: DoctorResult, console: Console) -> None:
    """One line a check, then the verdict."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=False)
    table.add_column("")
    table.add_column("", style="bold", no_wrap=True)
    table.add_column("", ratio=1, overflow="fold")
    for check in result.checks:
        mark, colour = _LOOKS[check.status]
        found = f"{check.found}: {check.remedy}" if check.remedy else check.found
        table.add_row(Text(mark, style=colour), check.name, Text(found))
    console.print(table)
    healthy = result.exit_code == 0
    console.print(
        Text(
            "Healthy." if healthy else "Something that Augury needs is broken; see the remedies above.",
            style="bold green" if healthy else "bold red",
        )
    )
