"""The `sentiment` result in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
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
_MAIN = ("documents", "n_eff", "mean", "std", "entropy", "novelty", "momentum")
_COUNTS = ("valid", "documents")
_FIGURES = 40
"""Signs that the figures of a scored text take, left of it."""
_NAMES, _VALUE = 26, 12
"""Signs that the longest name of a field and one ticker's values take."""


def render(result: SentimentResult, console: Console) -> None:
    """Scores of the texts, then the snapshot of each ticker."""
    if result.snapshots:
        console.print(f"Snapshot at {result.at}, window {result.window}", style="bold")
        few = len(result.snapshots) <= (console.width - _NAMES) // _VALUE
        console.print(_every_field(result.snapshots) if few else _main_fields(result.snapshots))
        if not few:
            silent = sum(not values["valid"] for values in result.snapshots.values())
            said = f"{silent:,} more tickers have no recent news. " if silent else ""
            console.print(f"{said}--json prints every figure.", style="dim")
        console.print()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("Score", "Positive", "Negative", "Neutral"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("Text", no_wrap=True)
    for score in result.scores[:_SHOWN]:
        colour = "green" if score.score > 0.05 else "red" if score.score < -0.05 else ""
        text = Text(printable(score.text[:_SHOWN_SIGNS]))
        text.truncate(max(20, console.width - _FIGURES), overflow="ellipsis")
        table.add_row(
            Text(f"{score.score:+.2f}", style=colour),
            f"{score.positive:.2f}",
            f"{score.negative:.2f}",
            f"{score.neutral:.2f}",
            text,
        )
    console.print(table)
    if len(result.scores) > _SHOWN:
        console.print(f"... and {len(result.scores) - _SHOWN:,} more; --json prints all.", style="dim")
    console.print(f"Model: {escape(result.model)}", style="dim")


def _every_field(snapshots: Mapping[str, Mapping[str, Any]]) -> Table:
    """A column for each ticker, a line for each field: for a few tickers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", style="bold", no_wrap=True)
    for ticker in snapshots:
        table.add_column(Text(printable(ticker)), justify="right", no_wrap=True)
    for field in next(iter(snapshots.values())):
        table.add_row(field, *(_cell(field, values[field]) for values in snapshots.values()))
    return table


def _main_fields(snapshots: Mapping[str, Mapping[str, Any]]) -> Table:
    """A line for each ticker with recent news, and the fields that fit a narrow terminal: for many tickers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Ticker", style="bold", overflow="fold")
    for field in _MAIN:
        table.add_column(field, justify="right", no_wrap=True, min_width=len(field))
    for ticker, values in snapshots.items():
        if values["valid"]:
            table.add_row(Text(printable(ticker)), *(_cell(field, values[field]) for field in _MAIN))
    return table


def _cell(field: str, value: Any) -> str:
    if value is None:
        return "-"
    if field in _COUNTS or field.startswith("is_"):
        return f"{value:,.0f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
