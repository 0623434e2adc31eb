"""The `report` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.report import ReportResult

__all__ = ["render"]


def render(result: ReportResult, console: Console) -> None:
    """The verdict on each run, what is to be said about it, and the page."""
    for one in result.told:
        console.print(Text(printable(one.story.title), style="bold"))
        if one.story.judgement is not None:
            judged = one.story.judgement
            console.print(Text.assemble("  ", (judged.level.upper(), "bold"), f": {judged.headline}"))
        for warning in one.warnings:
            console.print(Text(f"  {printable(warning)}", style="yellow"))
    console.print(f"Written: {result.written}", markup=False)
