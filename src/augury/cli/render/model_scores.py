"""Scores of a model in a terminal: each with its interval, beside what they were on other rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from augury.learning import HeldOut, ModelVerdict, Score

__all__ = ["print_notes", "print_profit", "print_scores", "print_verdict"]

_COLOURS = {"better than": "green", "no better than": "yellow", "worse than": "red"}


def print_scores(console: Console, validated: Mapping[str, Score] | None, held_out: Mapping[str, Score]) -> None:
    """A row a score: cross-validated where it was, held out, each with its interval; arrows say which way is better."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Score", no_wrap=True)
    if validated is not None:
        table.add_column("Cross-validated", justify="right")
    table.add_column("Held out" if validated is not None else "Value", justify="right")
    for name, score in held_out.items():
        before = [] if validated is None else [_shown(validated[name])]
        better = "\N{UPWARDS ARROW}" if score.higher_is_better else "\N{DOWNWARDS ARROW}"
        table.add_row(f"{score.title.removeprefix('expected ')} {better}", *before, _shown(score))
    console.print(table)


def _shown(score: Score) -> str:
    if not math.isfinite(score.estimate):
        return "-"
    if not math.isfinite(score.lower):
        return f"{score.estimate:.3f} (no interval)"
    return f"{score.estimate:.3f} ({score.lower:.3f} to {score.upper:.3f})"


def print_profit(console: Console, held_out: HeldOut) -> None:
    """The Sharpe ratio of the implied positions, net of costs, beside holding; or why there is none."""
    if held_out.profit is None:
        return
    profit = held_out.profit
    mine, hold = profit.sharpe, profit.hold_sharpe
    console.print(
        f"Positions it implies, net of costs: Sharpe ratio {mine.estimate:.2f} ({mine.lower:.2f} to {mine.upper:.2f}); "
        f"holding: {hold.estimate:.2f} ({hold.lower:.2f} to {hold.upper:.2f})."
    )


def print_verdict(console: Console, verdict: ModelVerdict) -> None:
    """The verdict against the best baseline, in its colour."""
    console.print(f"\n{verdict.sentence}", style=_COLOURS[verdict.level], markup=False, soft_wrap=True)


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """What has to be said about the data."""
    for note in notes:
        console.print(note, style="dim", markup=False)
