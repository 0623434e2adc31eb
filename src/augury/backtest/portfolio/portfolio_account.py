"""The shared account: a symbol borrows its cash for a trade, so that the arithmetic of one account holds."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.book_keeping import ROUNDING_DEBT, exit_inside_bar, follow_best, split_and_pay, trade
from augury.backtest.account.layout import (
    BORROW,
    BORROWING,
    CASH,
    CASH_INTEREST,
    DELISTED,
    ENTRY_BAR,
    FILL_BAR,
    FILL_COMMISSION,
    FILL_PRICE,
    FILL_UNITS,
    FILLED,
    HOLD,
    LAST_CLOSE,
    MARGIN_INTEREST,
    PENDING,
    SLIP,
    TIMED,
    UNITS,
    Account,
)
from augury.backtest.portfolio.portfolio_layout import (
    ACTION_BAR,
    ACTION_DIVIDEND,
    ACTION_GONE,
    ACTION_PRICE,
    ACTION_RATIO,
    ACTION_SYMBOL,
    DELISTING_COST,
    EARNED,
    FILL_SYMBOL,
    FLOW,
    GONE,
    GROSS,
    LISTINGS,
    NET,
    NEXT_ACTION,
    NOW,
    OUT,
    SHARED_CASH,
    SHORTS,
    STALE,
    TRADED,
    WRITTEN,
)
from augury.numerics.compile import inlined

__all__ = ["accrue_shared", "deal", "do_actions", "exit_held", "leave", "mark", "time_limits"]


@inlined
def _take_back(book: Any, s: Any, at: Any) -> Any:
    """After a trade of symbol s, written at row `at`: the cash goes back, and the symbol's totals follow."""
    account, row, fill = book.account, book.rows[s], book.fills[at]
    account[SHARED_CASH] = row[CASH]
    account[WRITTEN] = row[FILLED]
    book.units[s] = row[UNITS]
    fill[FILL_BAR] = account[NOW]
    fill[FILL_SYMBOL] = s
    value = fill[FILL_UNITS] * fill[FILL_PRICE]
    book.own[s, FLOW] -= value + fill[FILL_COMMISSION]
    book.own[s, TRADED] += abs(value)


@inlined
def _lend(book: Any, s: Any) -> Any:
    """Symbol s as an account of its own, with all of the shared cash."""
    row = book.rows[s]
    row[CASH] = book.account[SHARED_CASH]
    row[FILLED] = book.account[WRITTEN]
    return Account(row, book.settings, book.fills)


@inlined
def deal(book: Any, s: Any, units: Any, reference: Any, slip: Any, why: Any) -> Any:
    """Go to `units` of symbol s at `reference` moved by `slip`, paid from the shared cash."""
    at = int(book.account[WRITTEN])
    trade(_lend(book, s), book.account[NOW], units, reference, slip, why)
    _take_back(book, s, at)


@inlined
def leave(book: Any, s: Any, side: Any) -> Any:
    """After the engine closed a position of that sign: orders to hold such a one are void until asked for again."""
    row = book.rows[s]
    book.own[s, OUT] = 1.0
    if math.isnan(row[PENDING]) or row[PENDING] * side > 0.0:
        row[PENDING] = math.nan


@inlined
def accrue_shared(book: Any, years: Any) -> Any:
    """Charge and pay for the time since the last mark: borrowing of shorts, interest on cash that is not from them."""
    account, settings = book.account, book.settings
    fees = 0.0
    if account[SHORTS] < 0.0:
        for s in range(book.units.shape[0]):
            value = book.units[s] * book.marks[s]
            if value < 0.0:
                fee = -value * settings[BORROW] * years
                book.rows[s, BORROWING] += fee
                book.own[s, FLOW] -= fee
                fees += fee
    free = account[SHARED_CASH] - fees + account[SHORTS]
    earned = 0.0
    if free >= 0.0 or -free > ROUNDING_DEBT * account[GROSS]:
        earned = free * (settings[CASH_INTEREST] if free > 0.0 else settings[MARGIN_INTEREST]) * years
    account[EARNED] += earned
    account[SHARED_CASH] = account[SHARED_CASH] - fees + earned


@inlined
def _do_action(book: Any, action: Any) -> Any:
    s = int(action[ACTION_SYMBOL])
    if action[ACTION_RATIO] != 1.0 or action[ACTION_DIVIDEND] != 0.0:
        row = _lend(book, s).state
        row[LAST_CLOSE] = book.marks[s]
        split_and_pay(row, action[ACTION_RATIO], action[ACTION_DIVIDEND])
        book.units[s] = row[UNITS]
        book.marks[s] = row[LAST_CLOSE]
        book.own[s, FLOW] += row[UNITS] * action[ACTION_DIVIDEND]
        book.account[SHARED_CASH] = row[CASH]
    if action[ACTION_GONE] != 0.0 and book.own[s, GONE] == 0.0:
        if book.units[s] != 0.0:
            price = book.marks[s] if math.isnan(action[ACTION_PRICE]) else action[ACTION_PRICE]
            deal(book, s, 0.0, price, book.rules[DELISTING_COST], DELISTED)
        book.rows[s, PENDING] = math.nan
        book.own[s, GONE] = 1.0
        book.account[LISTINGS] += 1.0


@inlined
def do_actions(book: Any) -> Any:
    """Splits, dividends and delistings of this bar, before its open."""
    account, actions = book.account, book.actions
    while account[NEXT_ACTION] < actions.shape[0]:
        action = actions[int(account[NEXT_ACTION])]
        if action[ACTION_BAR] > account[NOW]:
            break
        _do_action(book, action)
        account[NEXT_ACTION] += 1.0


@inlined
def time_limits(book: Any, values: Any, t: Any) -> Any:
    """Close at the open what has been held for long enough, where there is an open."""
    for s in range(book.units.shape[0]):
        side, first = book.units[s], values[0, t, s]
        over = book.account[NOW] - book.rows[s, ENTRY_BAR] >= book.settings[HOLD]
        if over and side != 0.0 and not math.isnan(first):
            deal(book, s, 0.0, first, book.settings[SLIP], TIMED)
            leave(book, s, side)


@inlined
def exit_held(book: Any, values: Any, t: Any, opened: Any) -> Any:
    """Stops and targets inside the bar for every position; `opened`: orders were filled at this bar's open."""
    for s in range(book.units.shape[0]):
        side = book.units[s]
        if side == 0.0 or math.isnan(values[0, t, s]):
            continue
        at, lent, bars = int(book.account[WRITTEN]), _lend(book, s), values[:, :, s]
        entered = opened and lent.state[ENTRY_BAR] == book.account[NOW]
        if exit_inside_bar(lent, t, bars, entered):
            _take_back(book, s, at)
            leave(book, s, side)
        else:
            follow_best(lent.state, bars, t)


@inlined
def mark(book: Any, closes: Any) -> Any:
    """Value every position at its close, or at its last one where it has no bar; returns the equity."""
    account, units, marks = book.account, book.units, book.marks
    equity, gross, net, shorts, stale = account[SHARED_CASH], 0.0, 0.0, 0.0, 0.0
    for s in range(units.shape[0]):
        close = closes[s]
        if math.isnan(close):
            if units[s] == 0.0:
                continue
            stale += 1.0
        else:
            if marks[s] == 0.0:
                account[LISTINGS] += 1.0
            marks[s] = close
        value = units[s] * marks[s]
        equity += value
        net += value
        gross += abs(value)
        shorts += min(value, 0.0)
    account[GROSS], account[NET], account[SHORTS], account[STALE] = gross, net, shorts, stale
    return equity
