"""The `signals` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from augury.cli.render.refusals import print_refusals
from augury.cli.render.signal_lines import print_signals

if TYPE_CHECKING:
    from augury.operations.signals import SignalsResult

__all__ = ["render"]


def render(result: SignalsResult, console: Console) -> None:
    """The table of signals, what was refused, and the source."""
    if result.signals:
        print_signals(result.signals, "Signals", console)
    print_refusals(result.refused, console)
    for note in result.notes:
        console.print(escape(note), style="yellow")
    console.print(f"Data: {escape(result.source)}", style="dim", soft_wrap=True)
    console.print(
        "A score is the strength of the rule that fired, not a probability. Trade it at the next open at the earliest.",
        style="dim",
    )
