"""The `train` result in a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.console import Console

from augury.cli.render.model_scores import print_notes, print_profit, print_scores, print_verdict

if TYPE_CHECKING:
    from augury.operations.train import TrainResult

__all__ = ["render"]


def render(result: TrainResult, console: Console) -> None:
    """What it learnt from, how it scores beside its baselines, what it would have earned, and what to do next."""
    training = result.training
    data, held_out = training.card.data, training.held_out
    alone = f"{data.effective_rows:,.0f}"
    overlap = "" if alone == f"{data.rows:,}" else f", which tell as much as about {alone} whose labels do not overlap"
    console.print(
        f"{training.card.model} on {data.label} of {', '.join(data.symbols)}.\n"
        f"Trained on {data.rows:,} rows up to {data.last:%Y-%m-%d}{overlap}; the last fit took "
        f"{training.seconds:.1f} s.",
        markup=False,
    )
    console.print(
        f"Held out, seen by nothing before: {held_out.rows:,} rows, {held_out.first:%Y-%m-%d} to "
        f"{held_out.last:%Y-%m-%d}.\n"
    )
    print_scores(console, training.evaluation.scores, held_out.scores)
    if held_out.decided < 1.0:
        console.print(f"It decides on {held_out.decided:.0%} of the held-out rows and abstains on the others.")
    print_profit(console, held_out)
    print_verdict(console, held_out.verdict)
    for path in result.written:
        console.print(f"Written: {path}", markup=False)
    folder = shlex.quote(result.folder)
    console.print(
        f"Next: augury backtest {folder} YOUR.csv, or augury predict {folder} YOUR.csv", markup=False, soft_wrap=True
    )
    print_notes(console, result.notes)
