"""The `backtest` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from augury.operations.evaluation import Evaluation

__all__ = ["render"]

_WIDEST = 100


def render(result: Evaluation, console: Console) -> None:
    """The story as text, then where it was recorded and written."""
    from augury.report import story_text

    console.print(story_text(result.story, width=min(console.width, _WIDEST)), markup=False, soft_wrap=True)
    recorded = result.recorded
    if recorded.path is not None:
        console.print(f"Recorded as entry {recorded.sequences[0]} of {recorded.path}.", markup=False)
    for path in result.written:
        console.print(f"Written: {path}", markup=False)
