"""The `sentiment` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.sentiment import SentimentResult

__all__ = ["render"]

_SHOWN = 20
_SHOWN_SIGNS = 300


def render(result: SentimentResult, console: Console) -> None:
    """Scores of the texts, then the snapshot of each ticker."""
    if result.snapshots:
        columns = list(next(iter(result.snapshots.values())))
        table = Table(
            title=f"Snapshot at {result.at}, window {result.window}", title_justify="left", box=box.SIMPLE_HEAD
        )
        table.add_column("", style="bold", no_wrap=True)
        for ticker in result.snapshots:
            table.add_column(Text(printable(ticker)), justify="right", no_wrap=True)
        for column in columns:
            table.add_row(column, *(_cell(values[column]) for values in result.snapshots.values()))
        console.print(table)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("Score", "Positive", "Negative", "Neutral"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Text", ratio=1, overflow="ellipsis", no_wrap=True)
    for score in result.scores[:_SHOWN]:
        colour = "green" if score.score > 0.05 else "red" if score.score < -0.05 else ""
        table.add_row(
            Text(f"{score.score:+.2f}", style=colour),
            f"{score.positive:.2f}",
            f"{score.negative:.2f}",
            f"{score.neutral:.2f}",
            Text(printable(score.text[:_SHOWN_SIGNS])),
        )
    console.print(table)
    if len(result.scores) > _SHOWN:
        console.print(f"... and {len(result.scores) - _SHOWN:,} more; --json prints all.", style="dim")
    console.print(f"Model: {escape(result.model)}", style="dim")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
