"""The `demo` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from augury.cli.render.refusals import print_refusals
from augury.cli.render.signal_lines import print_signals

if TYPE_CHECKING:
    from augury.operations.demo import DemoResult

__all__ = ["render"]


def render(result: DemoResult, console: Console) -> None:
    """Latest signals, the last decisions before them, where the data is from and what to do next."""
    if result.signals:
        print_signals(result.signals, "Latest signal of each ticker", console)
    if result.decisions:
        title = f"Last decisions other than HOLD (of {result.judged_bars:,} bars judged)"
        print_signals(result.decisions, title, console)
    print_refusals(result.refused, console)
    console.print(f"Data: {escape(result.source)}", style="dim")
    console.print(
        "A score is the strength of the rule that fired, not a probability, and no backtest stands behind it here.",
        style="dim",
    )
    console.print("\nNext: [bold]augury signals YOUR.csv --news YOUR.jsonl[/]  ·  [bold]augury --help[/]")
