"""What came of a decision: entry at the next open, exit a horizon later, costs, excursions. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from augury.market.timeframe import Timeframe
from augury_server.ingest.bar_rows import KnownBars

__all__ = ["DIRECTIONS", "Measured", "Terms", "earliest_maturity", "measure"]

DIRECTIONS = {"BUY": 1, "SELL": -1, "HOLD": 0}
"""Which way a signal expects the price to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How outcomes are measured: costs as a fraction of what is traded, each way, and how prompt a signal must be.

    A signal known within `prompt_fraction` of a bar after its bar's close is acted upon at the next open; one known
    later waits for the first open after that.
    """

    timeframe: Timeframe
    cost_rate: float
    prompt_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A matured outcome; times in ns, returns as fractions of the entry price. Of a HOLD only prices are measured."""

    entry_at_ns: int
    exit_at_ns: int
    known_at_ns: int
    entry_price: float
    exit_price: float
    forward_return: float
    net_return: float | None = None
    hit: bool | None = None
    max_favourable: float | None = None
    max_adverse: float | None = None


def earliest_maturity(timestamp_ns: int, horizon_bars: int, timeframe: Timeframe) -> int:
    """The earliest close at which an outcome can be measured: no bar is missing and the clocks went forward."""
    return timestamp_ns + timeframe.shortest_spacing_ns + (horizon_bars - 1) * timeframe.ns


def measure(bars: KnownBars, signal: tuple[str, int, int], horizon_bars: int, terms: Terms) -> Measured | None:
    """What came of a `signal` (type, bar's close, known at) over a horizon; None while its bars are not all known.

    Entry is at the open of the first bar that opens no earlier than the signal's bar closed and the signal was known;
    exit at the close of the `horizon_bars`-th bar from there on, that one included. Only bars between the two matter,
    and the outcome is known when the last of them is.
    """
    signal_type, timestamp_ns, known_at_ns = signal
    late = known_at_ns - timestamp_ns > terms.prompt_fraction * terms.timeframe.ns
    first = int(np.searchsorted(bars.bars.opened_at, known_at_ns if late else timestamp_ns, side="left"))
    last = first + horizon_bars - 1
    if last >= len(bars):
        return None
    held = bars.bars.matrix[:, first : last + 1]
    entry, leave = float(held[0, 0]), float(held[3, -1])
    price = Measured(
        entry_at_ns=int(bars.bars.opened_at[first]),
        exit_at_ns=int(bars.bars.opened_at[last]) + terms.timeframe.ns,
        known_at_ns=max(known_at_ns, int(bars.known_at[first : last + 1].max())),
        entry_price=entry,
        exit_price=leave,
        forward_return=leave / entry - 1.0,
    )
    direction = DIRECTIONS[signal_type]
    if direction == 0:
        return price
    net = direction * price.forward_return - terms.cost_rate * (1.0 + leave / entry)
    up, down = float(held[1].max()) / entry - 1.0, float(held[2].min()) / entry - 1.0
    best, worst = (up, down) if direction > 0 else (-down, -up)
    return replace(price, net_return=net, hit=net > 0.0, max_favourable=best, max_adverse=worst)
