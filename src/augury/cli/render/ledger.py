"""The `ledger` result in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.ledger import LedgerCheck, Recorded
    from augury.operations.ledger import LedgerResult

__all__ = ["render"]

_WIDE = 110
_LONGEST_NAME = 48


def render(result: LedgerResult, console: Console) -> None:
    """The view of the action that was asked for."""
    if result.check is not None:
        _check(result.check, result.path, console)
    elif result.explanation is not None:
        for fact in result.explanation.facts:
            console.print(Text(printable(fact)))
    elif result.written is not None:
        console.print(Text(printable(f"Written: {result.written}, {_counted(result.count, 'entry', 'entries')}.")))
    else:
        _list(result, console)


def _check(check: LedgerCheck, path: str, console: Console) -> None:
    if check.ok:
        whole = f"{_counted(check.entries, 'entry', 'entries')} of {path}, each as it was written"
        console.print(Text.assemble(("INTACT", "bold green"), printable(f": {whole}.")))
    else:
        first = "the file" if check.first_bad is None else f"entry {check.first_bad}"
        console.print(
            Text.assemble(("DAMAGED", "bold red"), printable(f": {first} of {path} is not what was written."))
        )
    for problem in check.problems:
        place = "" if problem.sequence is None else f"entry {problem.sequence}: "
        console.print(Text(printable(f"  {problem.trouble}: {place}{problem.detail}.")))
    if not check.ok:
        console.print(
            Text("Restore the file and its .head from a backup; results that count on it are not to be trusted.")
        )
    for note in check.notes:
        console.print(Text(printable(f"{note}."), style="yellow"))
    if check.newest is not None and check.ok:
        console.print(
            Text("Keep this anchor where who writes the ledger cannot change it; later: --anchor TEXT", style="dim")
        )
        console.print(check.newest, markup=False, soft_wrap=True)


def _list(result: LedgerResult, console: Console) -> None:
    if not result.exists:
        console.print(Text(printable(f"There is no ledger at {result.path} yet: the first backtest here begins it.")))
        return
    if not result.entries:
        console.print(Text(printable(f"No entry of {result.path} passes these filters.")))
        return
    wide = console.width >= _WIDE
    columns: list[tuple[str, bool]] = [("#", True), ("When", False), ("Kind", False), ("Strategy", False)]
    columns += [("Data", False), ("Trials", True), ("Sharpe", True)]
    columns += [("Return", True), ("Trades", True)] if wide else []
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for name, right in columns:
        folds = name in ("Strategy", "Data")
        table.add_column(name, justify="right" if right else "left", no_wrap=not folds, overflow="fold")
    for entry in result.entries:
        table.add_row(*_row(entry, wide=wide))
    console.print(table)
    console.print()
    console.print(Text(printable(_totals(result))))


def _row(entry: Recorded, *, wide: bool) -> list[Text]:
    figures = entry.headline
    cells = [
        str(entry.sequence),
        entry.written[: 16 if wide else 10].replace("T", " "),
        entry.kind,
        _named(entry.subject, entry.parameters),
        _data(entry, wide=wide),
        f"{entry.trials:,}",
        _number(figures.get("sharpe"), "z.2f"),
    ]
    if wide:
        cells += [_number(figures.get("total_return"), "z.1%"), _number(figures.get("trades"), ",.0f")]
    return [Text(printable(cell)) for cell in cells]


def _named(subject: str, parameters: Mapping[str, Any]) -> str:
    numbers = {name: value for name, value in parameters.items() if isinstance(value, int | float)}
    if not numbers or len(numbers) < len(parameters):
        return subject
    shown = f"{subject} {' '.join(f'{name}={value:g}' for name, value in numbers.items())}"
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 3] + "..."


def _data(entry: Recorded, *, wide: bool) -> str:
    series = entry.data.series
    if not series:
        return ""
    first = series[0]
    more = f" +{len(series) - 1}" if len(series) > 1 else ""
    size = f", {first.bars:,} bars" if wide else ""
    return f"{first.symbol} {first.timeframe}{size}{more}"


def _totals(result: LedgerResult) -> str:
    shown = _counted(len(result.entries), "entry", "entries")
    of = "" if len(result.entries) == result.count else f" of {result.count:,}, the newest"
    text = f"{shown}{of}, in {result.path}."
    tries = result.tries
    if tries is None or not tries.trials:
        return text
    worth = f"{tries.effective:,.0f}" if tries.effective >= 10 else f"{tries.effective:,.1f}"
    return (
        f"{text} On these data {tries.trials:,} tried, {tries.distinct:,} distinct, worth about {worth} independent: "
        "that is what the best of them is discounted for."
    )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _number(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, int | float) and not isinstance(value, bool) else ""
