"""The `models` result in a terminal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.learning import Manifest
    from augury.operations.models import ModelsResult

__all__ = ["render"]

_MOST_SYMBOLS = 4


def render(result: ModelsResult, console: Console) -> None:
    """Three lines a model: what it is, what it was trained on, how it did; what is wrong with damaged ones below."""
    if not result.models:
        console.print(
            f"{result.folder} holds no models. Train one: augury train xgboost sample -o models/first", markup=False
        )
        return
    for model in result.models:
        if model.manifest is not None:
            name = printable(Path(model.path).resolve().name)
            console.print(f"[bold]{escape(name)}[/]  {escape(printable(model.manifest.model_id))}")
            for line in _lines(model.manifest):
                console.print(f"  {printable(line)}", markup=False)
    for model in result.models:
        if model.trouble:
            console.print(f"[bold red]{escape(printable(model.path))}[/]: {escape(printable(model.trouble))}")


def _lines(manifest: Manifest) -> tuple[str, ...]:
    size = f"{manifest.graph_bytes / 1024:,.0f} KB"
    what = f"{manifest.model} for {manifest.label or 'a label that it does not name'}, {size}"
    symbols = _few(manifest.symbols) or "bars that it does not name"
    when = f"trained on {symbols}, {_day(manifest.first_training_time)} to {_day(manifest.fit_end)}"
    name, title = ("log_loss", "log-loss") if manifest.classes else ("r2", "R2")
    score = manifest.scores.get(name)
    verdict = manifest.notes.get("verdict")
    found = [] if score is None else [f"held out: {title} {score:.4f}"]
    found += [] if verdict is None else [verdict]
    return (what, when, ", ".join(found) or "never judged on held-out time")


def _few(symbols: tuple[str, ...]) -> str:
    if len(symbols) <= _MOST_SYMBOLS:
        return ", ".join(symbols)
    return f"{', '.join(symbols[: _MOST_SYMBOLS - 1])} and {len(symbols) - _MOST_SYMBOLS + 1} more"


def _day(at_ns: int | None) -> str:
    return "?" if at_ns is None else f"{dt.datetime.fromtimestamp(at_ns / 1e9, tz=dt.UTC):%Y-%m-%d}"
