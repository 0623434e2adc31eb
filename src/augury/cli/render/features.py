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
    import pandas as pd

    from augury.operations.features import FeaturesResult

__all__ = ["render"]

_CELL = 12
"""Signs that one bar's column takes, the space before it included: as wide as a date or a number of four digits."""


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
    dated = all(moment.hour == moment.minute == 0 for moment in shown.index)
    clock = "%Y-%m-%d" if dated else "%Y-%m-%d\n%H:%M"
    widest = max(len(str(column)) for column in shown.columns)
    fits = max(1, (console.width - min(widest, console.width // 2)) // _CELL)
    blocks = math.ceil(len(shown) / fits)  # what does not fit side by side follows below
    rows = math.ceil(len(shown) / blocks)
    for first in range(0, len(shown), rows):
        if first:
            console.print()
        console.print(_values(shown.iloc[first : first + rows], clock))
    console.print(f"{len(result.table):,} bars; '-' is unknown (warming up or undefined).", style="dim")
    if result.written:
        console.print(f"Every row is in {escape(result.written)}.")


def _values(shown: pd.DataFrame, clock: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("Known from bar", overflow="fold", style="bold")
    for moment in shown.index:
        table.add_column(moment.strftime(clock), justify="right", no_wrap=True, min_width=_CELL - 1)
    for column in shown.columns:
        table.add_row(str(column), *(_cell(float(value)) for value in shown[column]))
    return table


def _cell(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
