"""Signals as a table with their reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from augury.signals import TradingSignal

__all__ = ["signal_table"]

_COLOURS = {"BUY": "bold green", "SELL": "bold red", "HOLD": "yellow"}
_RISKS = {"LOW": "green", "MEDIUM": "yellow", "HIGH": "red"}


def signal_table(signals: Sequence[TradingSignal], title: str, *, reasons: int = 3) -> Table:
    """One row a signal: decision, score, the main inputs, and the first few reasons below one another."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Ticker", style="bold", no_wrap=True)
    table.add_column("Known at (UTC)", no_wrap=True)
    table.add_column("Signal", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Risk", no_wrap=True)
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Mood", justify="right", no_wrap=True)
    table.add_column("Hurst", justify="right", no_wrap=True)
    table.add_column("Why", ratio=1, overflow="fold")
    for signal in signals:
        moment = signal.timestamp
        clock = "%Y-%m-%d" if moment.hour == moment.minute == 0 else "%Y-%m-%d %H:%M"
        table.add_row(
            signal.ticker,
            moment.strftime(clock),
            Text(signal.signal_type, style=_COLOURS[signal.signal_type]),
            f"{signal.confidence:.2f}",
            Text(signal.risk_level, style=_RISKS[signal.risk_level]),
            _percent(signal.suggested_position_size),
            _number(signal.sentiment_mean, "+.2f"),
            _number(signal.hurst_exponent, ".2f"),
            Text("\n".join(reason.text for reason in signal.reasons[:reasons])),
        )
    return table


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f} %"
