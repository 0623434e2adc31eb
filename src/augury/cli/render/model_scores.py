"""Scores of a model in a terminal: each with its interval, beside what they were on other rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.learning import HeldOut, ModelVerdict, Score
    from augury.validation import BootstrapInterval

__all__ = ["print_notes", "print_profit", "print_scores", "print_verdict"]

_OWN_BASELINES = {
    "class_frequencies": "how often each class came in training, whatever the features are",
    "mean_target": "the mean of the training rows, whatever the features are",
}
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
    profit = held_out.profit
    if profit is None:
        console.print(f"No profit is stated: {held_out.missing.get('profit', 'not computed')}.", markup=False)
    elif not any(symbol.trades for symbol in profit.symbols):
        console.print(f"It would not have traded; holding: Sharpe ratio {_sharpe(profit.hold_sharpe)}.")
    else:
        console.print(
            f"Positions it implies, net of costs: Sharpe ratio {_sharpe(profit.sharpe)}; "
            f"holding: {_sharpe(profit.hold_sharpe)}."
        )


def _sharpe(found: BootstrapInterval) -> str:
    if not math.isfinite(found.estimate):
        return "unknown"
    if not math.isfinite(found.lower):
        return f"{found.estimate:.2f} (no interval)"
    return f"{found.estimate:.2f} ({found.lower:.2f} to {found.upper:.2f})"


def print_verdict(console: Console, verdict: ModelVerdict) -> None:
    """The verdict against the best baseline, in its colour, and what that baseline is."""
    console.print(f"\n{printable(verdict.sentence)}", style=_COLOURS[verdict.level], markup=False)
    meaning = _OWN_BASELINES.get(verdict.best) or _summary(verdict.best)
    if meaning:
        console.print(f"{verdict.best}: {meaning}.", style="dim", markup=False)


def _summary(baseline: str) -> str:
    from augury.learning.evaluation.baselines import BASELINES  # loaded with the scores that are shown

    return BASELINES[baseline][1] if baseline in BASELINES else ""


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """What has to be said about the data."""
    for note in notes:
        console.print(printable(note), style="dim", markup=False)
