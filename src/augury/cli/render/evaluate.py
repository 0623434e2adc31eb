"""The `evaluate` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from augury.cli.render.model_scores import print_notes, print_profit, print_scores, print_verdict
from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.evaluate import EvaluateResult

__all__ = ["render"]


def render(result: EvaluateResult, console: Console) -> None:
    """Scores with intervals, what its positions would have earned, and the verdict."""
    found, manifest = result.found, result.manifest
    console.print(
        f"{printable(manifest.model_id)} on {found.rows:,} rows, {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}.",
        markup=False,
    )
    if result.in_sample:
        console.print("The time of its training is among them: these figures prove nothing.", style="yellow")
    print_scores(console, None, found.scores)
    if found.decided < 1.0:
        console.print(f"It decides on {found.decided:.0%} of the rows and abstains on the others.")
    print_profit(console, found)
    print_verdict(console, found.verdict)
    print_notes(console, result.notes)
