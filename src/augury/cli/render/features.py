"""The `features` result in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from augury.operations.features import FeaturesResult

__all__ = ["render"]


def render(result: FeaturesResult, console: Console) -> None:
    """The last rows as columns (a feature has many outputs, so time runs to the right), or the catalogue."""
    if result.table is None:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        table.add_column("Feature", style="bold", no_wrap=True)
        table.add_column("What it measures", ratio=1, overflow="fold")
        table.add_column("Options", ratio=1, overflow="fold", style="dim")
        for entry in result.catalogue:
            options = ", ".join(f"{name}={value}" for name, value in entry["options"].items())
            table.add_row(entry["name"], Text(entry["summary"]), Text(options))
        console.print(table)
        console.print("\nCompute some: [bold]augury features YOUR.csv -f vsa -f 'rsi(timeperiod=7)'[/]")
        return
    shown = result.table.tail(result.rows)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Known from bar", no_wrap=True, style="bold")
    for moment in shown.index:
        clock = "%Y-%m-%d" if moment.hour == moment.minute == 0 else "%Y-%m-%d %H:%M"
        table.add_column(moment.strftime(clock), justify="right", no_wrap=True)
    for column in shown.columns:
        table.add_row(str(column), *(_cell(float(value)) for value in shown[column]))
    console.print(table)
    console.print(f"{len(result.table):,} bars; '-' is unknown (warming up or undefined).", style="dim")
    if result.written:
        console.print(f"Every row is in {escape(result.written)}.")


def _cell(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
