"""The `leaks` result in a terminal."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.operations.leaks import LeakFinding, LeaksResult

__all__ = ["render"]

_SHOWN = 12
_INDENT = "    "


def render(result: LeaksResult, console: Console) -> None:
    """What was tried, every leak with its remedy, what was not proven, and the verdict."""
    console.print(Text.assemble((printable(result.subject), "bold"), f" on {printable(result.source)}"), soft_wrap=True)
    _paragraph(_tried(result), console, "dim", indent="")
    console.print()
    for leak in result.leaks[:_SHOWN]:
        _print_leak(leak, result, console)
    if (more := len(result.leaks) - _SHOWN) > 0:
        console.print(f"... and {more} more columns that look ahead; --json prints all.\n", style="dim")
    _print_unproven(result, console)
    _print_verdict(result, console)


def _tried(result: LeaksResult) -> str:
    """One sentence about the data and the trials."""
    whole = "" if result.bars == result.bars_in_file else f" of {result.bars_in_file:,}"
    span = f"{result.first:%Y-%m-%d} to {result.last:%Y-%m-%d}"
    chosen = ", ".join(f"{name}={value:g}" for name, value in result.parameters.items())
    start = f"{chosen}; " if chosen else ""
    return f"{start}{result.bars:,}{whole} bars, {span}; {result.trials} changed futures at {result.cuts} moments."


def _print_leak(leak: LeakFinding, result: LeaksResult, console: Console) -> None:
    dated = leak.first_affected.hour == leak.first_affected.minute == 0
    clock = "%Y-%m-%d" if dated else "%Y-%m-%d %H:%M"
    least = "" if leak.lag_bars == 1 else "at least "
    plural = "" if leak.lag_bars == 1 else "s"
    console.print(
        Text.assemble(
            ("✗ ", "bold red"),
            (printable(leak.column), "bold"),
            " looks ",
            (f"{least}{leak.lag_bars:,} bar{plural} ahead", "bold red"),
        )
    )
    moved = f"{_value(leak.before)} became {_value(leak.after)} when only later inputs changed"
    _paragraph(f"First seen at {leak.first_affected.strftime(clock)} UTC: {moved}.", console, "")
    changes = ", ".join(name.replace("_", " ") for name in leak.interventions)
    _paragraph(f"Moved by: {changes} ({leak.trials} of {result.trials} trials).", console, "dim")
    _paragraph(leak.remedy, console, "cyan")
    console.print()


def _print_unproven(result: LeaksResult, console: Console) -> None:
    """Columns that gave the trials nothing to compare, those of one kind together."""
    unknown = [item.column for item in result.unproven if item.value is None]
    still = [f"{item.column} ({item.shown})" for item in result.unproven if item.value is not None]
    for names, said in (
        (unknown, "Never known on these bars, so nothing was shown about"),
        (still, "One value at every bar, so nothing could have moved in"),
    ):
        if names:
            _paragraph(f"{said}: {', '.join(names)}.", console, "yellow", indent="")
            console.print()


def _paragraph(text: str, console: Console, style: str, indent: str = _INDENT) -> None:
    width = max(40, min(console.width, 100))
    wrapped = textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent)
    console.print(Text(printable(wrapped), style=style), soft_wrap=True)


def _value(value: Any) -> str:
    if isinstance(value, int | float):
        return "unknown" if math.isnan(value) else f"{value:.6g}"
    return "unknown" if value is None else str(value)


def _print_verdict(result: LeaksResult, console: Console) -> None:
    if result.leaks:
        count = len(result.leaks)
        which = "1 column looks" if count == 1 else f"{count} columns look"
        console.print(f"{which} ahead. No backtest of this means anything.", style="bold red")
    elif not result.proven:
        console.print("Nothing was proven: no value was ever known. Give a longer history.", style="bold yellow")
    elif len(result.unproven) >= len(result.columns):
        console.print("Nothing moved, but nothing was decided either: this proves little.", style="bold yellow")
    else:
        console.print("Nothing at or before any moment moved when its future changed.", style="bold green")
