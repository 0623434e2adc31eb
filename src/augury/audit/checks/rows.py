"""The table of trades: repeated rows, exits before entries, times outside the data, profits that do not add up."""

from __future__ import annotations

import numpy as np

from augury.audit.checks.case import Case, remark
from augury.audit.claim import NO_TIME, ClaimedTrades, Remark

__all__ = ["exit_before_entry", "out_of_order", "outside_data", "profit_not_from_prices", "repeated_trades"]


def repeated_trades(case: Case) -> list[Remark]:
    """Trades that occur twice, equal in every column: their profit is counted twice."""
    trades = case.trades
    if trades is None:
        return []
    seen: dict[tuple[object, ...], int] = {}
    rows = []
    columns = (trades.symbol, trades.side, trades.entry_ns, trades.exit_ns, trades.units, trades.entry_price)
    prices = (trades.exit_price, trades.profit)
    for row in range(len(trades)):
        key = tuple(_cell(column[row]) for column in (*columns, *prices))
        if key in seen:
            rows.append(row)
        seen.setdefault(key, row)
    if not rows:
        return []
    profit = float(np.nan_to_num(trades.profit[rows]).sum())
    text = f"{len(rows)} trades repeat another one in every column; their profit of {profit:,.2f} is counted twice."
    places = np.array(rows, dtype=np.int64)
    return [remark("repeated_trades", "warning", text, "Drop the repeated rows, or say what tells them apart.", places)]


def _cell(value: object) -> object:
    return None if isinstance(value, float) and value != value else value  # NaN


def out_of_order(case: Case) -> list[Remark]:
    """Trades sorted neither by entry nor by exit; the judgement does not depend on it, running totals would."""
    trades = case.trades
    if trades is None or case.claim.tool == "freqtrade":  # freqtrade writes them pair by pair
        return []
    leave = np.where(trades.exit_ns == NO_TIME, np.iinfo(np.int64).max, trades.exit_ns)
    if (np.diff(trades.entry_ns) >= 0).all() or (np.diff(leave) >= 0).all() or _ordered_by_symbol(trades):
        return []
    rows = np.flatnonzero(np.diff(trades.entry_ns) < 0) + 1
    text = f"{len(rows)} trades are entered before the one above them, and exits are not in order either."
    return [remark("rows_out_of_order", "info", text, "Sort by time before computing running totals.", rows)]


def _ordered_by_symbol(trades: ClaimedTrades) -> bool:
    names = np.array(trades.symbol)
    return len(trades.symbols) > 1 and all(
        (np.diff(trades.entry_ns[names == one]) >= 0).all() for one in trades.symbols
    )


def exit_before_entry(case: Case) -> list[Remark]:
    """Trades that end before they begin."""
    trades = case.trades
    if trades is None:
        return []
    bad = (trades.exit_ns != NO_TIME) & (trades.exit_ns < trades.entry_ns)
    if not bad.any():
        return []
    text = f"{int(bad.sum())} trades end before they begin."
    return [remark("exit_before_entry", "error", text, "Check the columns of times and their zones.", bad)]


def outside_data(case: Case) -> list[Remark]:
    """Trades that begin before the bars or the stated period, or are held beyond their end."""
    trades = case.trades
    if trades is None:
        return []
    last_exit = np.where(trades.exit_ns == NO_TIME, trades.entry_ns, trades.exit_ns)
    bad = np.zeros(len(trades), dtype=np.bool_)
    if case.claim.period is not None:
        first, last = case.claim.period
        bad |= (trades.entry_ns < first) | (last_exit > last)
    if case.prices is not None:
        names = np.array(trades.symbol)
        for symbol, bars in case.prices.by_symbol.items():
            outside = (trades.entry_ns < bars.opened_at[0]) | (last_exit > bars.closed_at[-1])
            bad |= (names == symbol) & outside
    if not bad.any():
        return []
    text = f"{int(bad.sum())} trades begin or end where there are no data: nothing could be bought or sold there."
    remedy = "Check that bars and trades are of the same period and zone; a backtest cannot trade beyond its data."
    return [remark("trades_outside_data", "error", text, remedy, bad)]


def profit_not_from_prices(case: Case) -> list[Remark]:
    """Profits that do not follow from size and prices: side x units x (exit - entry) - costs.

    Where costs are not stated up to 1 % of the money traded is taken to be costs, otherwise 0.1 % and funding may
    explain the difference. Leverage does not matter, since units are what was held.
    """
    trades = case.trades
    if trades is None:
        return []
    expected = trades.side * trades.units * (trades.exit_price - trades.entry_price)
    stated = np.isfinite(trades.costs)
    allowed = np.where(stated, 0.001, 0.01) * trades.notional + 1e-9
    difference = trades.profit - (expected - np.nan_to_num(trades.costs))
    bad = trades.priced & np.isfinite(trades.profit) & (np.abs(difference) > allowed)
    if case.claim.tool == "table" and "return" in "".join(case.claim.parts):
        return []
    if not bad.any():
        return []
    text = (
        f"the profit of {int(bad.sum())} of {len(trades)} trades does not follow from their size and prices; in all "
        f"{float(difference[bad].sum()):+,.2f} is unexplained."
    )
    severity = "error" if bad.sum() > 0.05 * len(trades) else "warning"
    remedy = "Check side, size and currency of these rows; partial exits have to be exported as trades of their own."
    return [remark("profit_not_from_prices", severity, text[0].upper() + text[1:], remedy, bad)]
