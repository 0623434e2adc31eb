"""The `tune-model` result in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from augury.operations.tune_model import TuneModelResult

__all__ = ["render"]

_SHOWN = 3
_FACTS = (
    "number", "state", "value", "mean_score", "deviation", "folds_done", "fold_scores", "latency_us", "cpu_seconds",
    "failure",
)  # fmt: skip


def render(result: TuneModelResult, console: Console) -> None:
    """The best settings, what they score, what mattered, and what to do next."""
    search = result.search
    states = search.trials["state"].value_counts().to_dict()
    counted = ", ".join(f"{count} {'failed' if state == 'fail' else state}" for state, count in states.items())
    console.print(
        f"{search.model}: {search.tried} settings tried ({counted}) on {len(result.dataset):,} rows.\n"
        f"Value: {_measure(result)} over the folds less {search.spec.risk:g} deviations. The best is "
        f"{search.best_value:.4f}{_coin(result)}.",
        markup=False,
    )
    if search.best_value < _knowing_nothing(result):
        console.print("Nothing that was tried beats knowing nothing.", style="yellow")
    complete = search.trials[search.trials["state"] == "complete"].sort_values("value", ascending=False)
    if search.pareto is not None:
        console.print("\nNot beaten in both score and latency:")
        complete = search.pareto.sort_values("latency_us")
    console.print(_table(complete.head(_SHOWN), latency=search.pareto is not None))
    if search.importance:
        ranked = sorted(search.importance.items(), key=lambda item: -item[1])
        console.print("What mattered: " + ", ".join(f"{name} {share:.0%}" for name, share in ranked[:4]))
    judged = "train judges it on time that the search has not seen"
    if not result.held_back:
        judged = "this one saw all of the time, so that none is left to judge it on; search with --holdout"
    console.print(f"The winner of a search looks better than it is: {judged}.")
    console.print(f"Next: [bold]{escape(result.next_command)}[/]", soft_wrap=True)
    for note in (*search.notes, *result.notes):
        console.print(note, style="dim", markup=False)


def _measure(result: TuneModelResult) -> str:
    return "mean log-likelihood" if result.dataset.classes else "minus the squared error over the target's variance"


def _coin(result: TuneModelResult) -> str:
    return f"; knowing nothing scores {_knowing_nothing(result):.4f}"


def _knowing_nothing(result: TuneModelResult) -> float:
    classes = len(result.dataset.classes)
    return -math.log(classes) if classes else -1.0


def _table(rows: pd.DataFrame, *, latency: bool) -> Table:
    options = [str(name) for name in rows.columns if name not in _FACTS]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("Trial", "Value", "Deviation", *(("Latency",) if latency else ())):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Options", overflow="fold")
    for _, row in rows.iterrows():
        timed = [f"{row['latency_us']:.0f} us"] if latency else []
        cells = [str(row["number"]), f"{row['value']:.4f}", f"{row['deviation']:.4f}", *timed]
        table.add_row(*cells, escape(", ".join(f"{name}={_cell(row[name])}" for name in options)))
    return table


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
