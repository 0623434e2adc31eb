"""The `models` result in a terminal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from augury.learning import Manifest
    from augury.operations.models import ModelsResult

__all__ = ["render"]


def render(result: ModelsResult, console: Console) -> None:
    """A row a model; what is wrong with damaged ones below."""
    if not result.models:
        console.print(
            f"{escape(result.folder)} holds no models. Train one: augury train xgboost sample -o models/first"
        )
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("Model", "Family", "Label", "Trained on", "Log-loss", "Size", "Verdict"):
        table.add_column(name, overflow="fold", justify="right" if name in ("Log-loss", "Size") else "left")
    for model in result.models:
        if model.manifest is not None:
            table.add_row(Path(model.path).name, *_cells(model.manifest))
    console.print(table)
    for model in result.models:
        if model.trouble:
            console.print(f"[bold red]{escape(model.path)}[/]: {escape(model.trouble)}", soft_wrap=True)


def _cells(manifest: Manifest) -> tuple[str, ...]:
    loss = manifest.scores.get("log_loss")
    return (
        manifest.family,
        manifest.label or "-",
        f"{_few(manifest.symbols)} {_day(manifest.first_training_time)} to {_day(manifest.fit_end)}",
        "-" if loss is None else f"{loss:.4f}",
        f"{manifest.graph_bytes / 1024:,.0f} KB",
        manifest.notes.get("verdict", "-"),
    )


def _few(symbols: tuple[str, ...]) -> str:
    return ", ".join(symbols) if len(symbols) <= 4 else f"{', '.join(symbols[:3])} and {len(symbols) - 3} more"


def _day(at_ns: int | None) -> str:
    return "?" if at_ns is None else f"{dt.datetime.fromtimestamp(at_ns / 1e9, tz=dt.UTC):%Y-%m-%d}"
