"""The `predict` result in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.predict import PredictResult

__all__ = ["render"]


def render(result: PredictResult, console: Console) -> None:
    """One line on the model, then the last bars of each symbol."""
    manifest = result.manifest
    told = [escape(printable(text)) for text in (manifest.model_id, manifest.model, manifest.label)]
    console.print(f"[bold]{told[0]}[/]: {told[1]} for {told[2]}")
    names = manifest.classes or ("value",)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Symbol", style="bold")
    table.add_column("Known from bar")
    for name in names:
        shown = escape(printable(name))
        table.add_column(f"p({shown})" if manifest.classes else shown, justify="right")
    if manifest.classes:
        table.add_column("Decision")
    for moment, row in result.last.iterrows():
        cells = [_cell(float(row[name]), probability=bool(manifest.classes)) for name in names]
        said = [_decision(row)] if manifest.classes else []
        symbol = escape(printable(str(row["symbol"])))
        table.add_row(symbol, f"{moment:%Y-%m-%d %H:%M}".removesuffix(" 00:00"), *cells, *said)
    console.print(table)
    if bool(result.last["in_sample"].any()):
        console.print("Bars up to the end of the training data: the model has seen what came of them.", style="yellow")
    for note in result.notes:
        console.print(note, style="dim", markup=False)
    if result.written:
        console.print(f"Every bar is in {escape(result.written)}.")


def _cell(value: float, *, probability: bool) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.1%}" if probability else f"{value:.4g}"


def _decision(row: object) -> str:
    said = row["decision"]  # type: ignore[index]
    if said:
        return escape(printable(str(said)))
    return "abstains" if row["abstained"] else "unknown yet"  # type: ignore[index]
