"""The `compare` result in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.backtest import BacktestResult
    from augury.operations.compare import CompareResult

__all__ = ["render"]

_WIDE = 100
_LEVELS = {"promote": "green", "promising": "green", "unproven": "yellow", "refuted": "red"}


def render(result: CompareResult, console: Console) -> None:
    """Side by side, which is better than holding, how alike they are, then where all this was written."""
    wide = console.width >= _WIDE
    console.print(_table(result, wide=wide))
    console.print()
    console.print(Text(printable(result.conclusion), style="bold green" if result.better else "bold"))
    tried = result.recorded.tried
    if tried is not None:
        console.print(
            Text(
                "Deflated: the probability that the Sharpe ratio is above zero, given the "
                f"{tried.configurations:,} tried on these data (worth about {tried.effective:,.1f} independent)."
            )
        )
    _alike(result, console)
    for note in result.notes:
        console.print(Text(printable(note), style="dim"))
    recorded = result.recorded
    if recorded.path is not None:
        entries = f"{recorded.sequences[0]} to {recorded.sequences[-1]}"
        console.print(f"Recorded as entries {entries} of {recorded.path}.", markup=False)
    for path in result.written:
        console.print(f"Written: {path}", markup=False)


def _table(result: CompareResult, *, wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
    table.add_column("Strategy", overflow="fold", min_width=18)
    names = ("Return", "CAGR", "Sharpe", "Deflated", "Drawdown", "Trades", "Costs")
    for name in names if wide else ("Return", "Sharpe", "Deflated", "Drawdown", "Trades"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for one in result.compared:
        last = one is result.compared[-1]
        verdict = Text(one.verdict, style=_LEVELS.get(one.verdict, ""))
        cells = _figures(one.result, one.deflated_sharpe, wide=wide)
        table.add_row(Text(printable(one.label)), *cells, verdict, end_section=last)
    cells = _figures(result.holding, None, wide=wide)
    table.add_row(Text("buy and hold", style="dim"), *cells, Text("benchmark", style="dim"))
    return table


def _figures(result: BacktestResult, deflated: float | None, *, wide: bool) -> list[str]:
    metrics, costs = result.metrics, result.costs
    sharpe = metrics.sharpe
    error = "" if sharpe.standard_error is None else f"±{sharpe.standard_error:.2f}"
    shown = [_form(metrics.total_return.value, "z.1%")]
    shown += [_form(metrics.cagr.value, "z.1%")] if wide else []
    shown += [
        _form(sharpe.value, "z.2f") + error,
        "" if deflated is None else f"{deflated:.1%}",
        _form(metrics.max_drawdown.value, "z.1%"),
        _form(metrics.trades.value, ",.0f"),
    ]
    spent = costs["commission"] + costs["slippage"] + costs["borrowing"]
    return [*shown, f"{spent:,.0f}"] if wide else shown


def _form(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "-"


def _alike(result: CompareResult, console: Console) -> None:
    """The pairs whose returns are most alike: two rows of one idea are one try, not two."""
    labels, matrix = [one.label for one in result.compared], result.correlation
    pairs = [
        (float(matrix[a, b]), labels[a], labels[b])
        for a in range(len(labels))
        for b in range(a + 1, len(labels))
        if np.isfinite(matrix[a, b])
    ]
    if not pairs:
        return
    pairs.sort(key=lambda pair: -pair[0])
    shown = [f"{a} and {b} {value:.2f}" for value, a, b in (pairs if len(pairs) <= 3 else (*pairs[:2], pairs[-1]))]
    console.print(Text(printable(f"Correlation of returns: {', '.join(shown)}.")))
