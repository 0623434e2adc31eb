"""Fills against bars: prices that were never traded, prices that were known too late, prices too good to be met."""

from __future__ import annotations

import numpy as np

from augury.arrays import BoolVector
from augury.audit.checks.case import Case, Fills, remark
from augury.audit.claim import Remark

__all__ = ["extreme_fills", "outside_bars", "same_close", "stops_better_than_open"]

_TOLERANCE = 1e-6  # of the price: what rounding to a tick or a float32 leaves
_SLIPPAGE = 0.002  # of the price: a fill may be worse than the bar's extreme by a modelled slippage
_FEWEST = 5
_EQUAL = 1e-9


def outside_bars(case: Case) -> list[Remark]:
    """Fills outside [low, high] of their bar.

    A fill that is worse than the bar's extreme by up to 0.2 % is slippage that was modelled; one that is better, or
    further out, cannot be. More than 1 in 20 is an error, fewer a warning (another vendor's bars differ here and
    there).
    """
    rows, total, closes = [], 0, []
    for kind, direction in (("entry", 1.0), ("exit", -1.0)):
        fills = case.fills(kind)
        bad = _outside(fills, direction)
        rows.append(fills.rows[bad])
        total += len(fills)
        closes.append(_fits_later_name(case, fills, bad))
    count = sum(len(one) for one in rows)
    if count == 0:
        return []
    severity = "error" if count > 0.05 * total else "warning"
    text = f"{count} of {total} fills lie outside their bar's low and high: these prices were never traded then."
    if total and sum(closes) > 0.9 * count:
        text += " Nearly all of them fit the bar before: the file seems to name bars by their close."
        remedy = "Pass --stamp close if the bars are named by their close, or export times of opens."
    else:
        remedy = "Check that the bars are those of the backtest (adjusted prices, time zone), then the fill model."
    return [remark("fills_outside_bars", severity, text, remedy, np.concatenate(rows))]


def _outside(fills: Fills, direction: float) -> BoolVector:
    buying = fills.side * direction > 0.0
    above, below = fills.price / fills.high - 1.0, 1.0 - fills.price / fills.low
    return np.asarray(
        (above > np.where(buying, _SLIPPAGE, _TOLERANCE)) | (below > np.where(buying, _TOLERANCE, _SLIPPAGE))
    )


def _fits_later_name(case: Case, fills: Fills, bad: BoolVector) -> int:
    """How many of the bad fills lie within the bar before."""
    if case.prices is None or case.trades is None:
        return 0
    count = 0
    for row, bar, price in zip(fills.rows[bad], fills.bar[bad], fills.price[bad], strict=True):
        matrix = case.prices.by_symbol[case.trades.symbol[row]].matrix
        count += bool(bar > 0 and matrix[2, bar - 1] <= price <= matrix[1, bar - 1])
    return count


def same_close(case: Case) -> list[Remark]:
    """Entries at exactly the close of the bar they are named by: nearly all of them, and not at its open.

    A signal computed from a bar is known at its close; to be filled at that very close it would have to be known
    before.
    """
    fills = case.fills("entry")
    if len(fills) < _FEWEST:
        return []
    moved = np.abs(fills.close / fills.open - 1.0) > 1e-6
    at_close = (np.abs(fills.price / fills.close - 1.0) <= _EQUAL) & moved
    if at_close.sum() < 0.8 * max(int(moved.sum()), _FEWEST):
        return []
    text = f"{int(at_close.sum())} of {len(fills)} entries are filled at the close of the bar they are made in."
    remedy = (
        "Shift the signals by one bar (vectorbt: entries.vbt.fshift(1) with price=open; backtesting.py: trade_on_close="
        "False), or show that the decision needs nothing of that bar's close."
    )
    return [remark("same_close_fills", "warning", text, remedy, fills.rows[at_close])]


def extreme_fills(case: Case) -> list[Remark]:
    """Entries and exits that hit the best price of their bar again and again: longs at the low, shorts at the high."""
    found = []
    for kind, direction, word in (("entry", 1.0, "entries"), ("exit", -1.0, "exits")):
        fills = case.fills(kind)
        spread = fills.high > fills.low * (1.0 + 1e-6)
        buying = fills.side * direction > 0.0
        best = np.where(buying, fills.low, fills.high)
        # a bar that opens at its extreme gives that price to everybody
        hit = spread & (np.abs(fills.price / best - 1.0) <= _EQUAL) & (np.abs(fills.price / fills.open - 1.0) > _EQUAL)
        if len(fills) >= 10 and hit.sum() > 0.3 * len(fills):
            text = f"{int(hit.sum())} of {len(fills)} {word} are filled at the best price of the whole bar."
            remedy = "Only who knows the bar beforehand trades at its low or high: look for look-ahead in the fills."
            found.append(remark(f"best_price_{word}", "error", text, remedy, fills.rows[hit]))
    return found


def stops_better_than_open(case: Case) -> list[Remark]:
    """Stops that filled at their price although the bar had opened beyond it: the open was all there was to get.

    Exits count as stops when their reason says so, or when their price is the stop's. Error above 1 in 20 of the stops.
    """
    trades = case.trades
    fills = case.fills("exit")
    if trades is None or len(fills) == 0:
        return []
    named = np.array(["stop" in trades.exit_reason[row].lower().replace("non_stop", "") for row in fills.rows])
    at_level = np.abs(fills.price / trades.stop_price[fills.rows] - 1.0) <= 1e-4
    later = trades.entry_ns[fills.rows] < trades.exit_ns[fills.rows]  # within the entry's bar the open came before
    stops = (named | at_level) & later
    gain = fills.side * (fills.price / fills.open - 1.0)
    losing = fills.side * (fills.open / trades.entry_price[fills.rows] - 1.0) < 0.0
    better = stops & (gain > 1e-5) & (losing | at_level)
    if not better.any():
        return []
    severity = "error" if better.sum() > 0.05 * stops.sum() else "warning"
    text = (
        f"{int(better.sum())} of {int(stops.sum())} stops are filled at a better price than the open of a bar that had "
        f"opened beyond them, on average {float(gain[better].mean()):.2%} better."
    )
    remedy = "Fill a stop that the open has jumped over at the open; finer bars (freqtrade: --timeframe-detail) help."
    return [remark("stops_better_than_open", severity, text, remedy, fills.rows[better])]
