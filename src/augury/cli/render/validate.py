"""The `validate` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from augury.cli.render.backtest import render as render_result

if TYPE_CHECKING:
    from augury.operations.evaluation import Evaluation

__all__ = ["render"]


def render(result: Evaluation, console: Console) -> None:
    """What was searched, then the best combination as `backtest` shows a run."""
    search = result.search
    if search is not None:
        console.print(f"Searched {len(search):,} combinations; the best by Sharpe ratio:", markup=False)
        console.print()
    render_result(result, console)
