"""Signals as aligned lines, each with its reasons below it; readable in a narrow terminal too."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from augury.cli.wording import printable

if TYPE_CHECKING:
    from augury.signals import Reason, TradingSignal

__all__ = ["print_signals"]

_COLOURS = {"BUY": "bold green", "SELL": "bold red", "HOLD": "yellow"}
_RISKS = {"LOW": "green", "MEDIUM": "yellow", "HIGH": "red"}
_MARKS = {"fired": "•", "adjusted": "±", "limited": "▾", "unmet": "→", "unknown": "?"}


def print_signals(signals: Sequence[TradingSignal], title: str, console: Console, *, reasons: int = 3) -> None:
    """A title, a line of headings, and for every signal a line of figures with its first few reasons below."""
    ticker = max(6, *(len(printable(signal.ticker)) for signal in signals))
    dated = all(signal.timestamp.hour == signal.timestamp.minute == 0 for signal in signals)
    clock = "%Y-%m-%d" if dated else "%Y-%m-%d %H:%M"
    moment = 10 if dated else 16
    console.print(Text(title, style="bold"))
    modelled = any(signal.provenance.model is not None for signal in signals)
    last = "   P(up)" if modelled else "  Hawkes"
    heading = f"{'Ticker':<{ticker}}  {'Known at':<{moment}}  Signal  Score  Risk      Size   Mood  Hurst{last}"
    console.print(Text(heading, style="dim"))
    for signal in signals:
        line = Text.assemble(
            (f"{printable(signal.ticker):<{ticker}}", "bold"),
            f"  {signal.timestamp.strftime(clock):<{moment}}  ",
            (f"{signal.signal_type:<6}", _COLOURS[signal.signal_type]),
            f"  {signal.confidence:>5.2f}  ",
            (f"{signal.risk_level:<6}", _RISKS[signal.risk_level]),
            f"{_percent(signal.suggested_position_size):>8}",
            f"{_number(signal.sentiment_mean, '+.2f'):>7}",
            f"{_number(signal.hurst_exponent, '.2f'):>7}",
            f"{_percent(signal.p_up):>8}" if modelled else f"{_number(signal.hawkes_branching, '.2f'):>8}",
        )
        console.print(line, soft_wrap=True)
        for reason in signal.reasons[:reasons]:
            _print_reason(reason, ticker + 2, console)
        if (more := len(signal.reasons) - reasons) > 0:
            console.print(Text(f"{'':<{ticker + 2}}  and {more} more with --json", style="dim"), soft_wrap=True)
    console.print()


def _print_reason(reason: Reason, indent: int, console: Console) -> None:
    """A mark and the sentence, wrapped so that its later lines stand below its first word."""
    style = "" if reason.kind in ("fired", "limited") else "dim"
    lines = textwrap.wrap(reason.text, max(24, console.width - indent - 2)) or [""]
    for number, line in enumerate(lines):
        mark = _MARKS[reason.kind] if number == 0 else " "
        console.print(Text(f"{'':<{indent}}{mark} {line}", style=style), soft_wrap=True)


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"
