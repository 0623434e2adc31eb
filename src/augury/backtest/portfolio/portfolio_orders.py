"""What a portfolio orders at a close: its weights when they change, fall due or have drifted, or a margin cut."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.layout import (
    LEVERAGE,
    MAINTENANCE,
    MARGIN,
    PENDING,
    PENDING_WHY,
    REBALANCE,
    RUIN,
    SIGNAL,
    SLIP,
    TARGET,
)
from augury.backtest.portfolio.portfolio_account import deal
from augury.backtest.portfolio.portfolio_layout import (
    AFFECTED,
    BUFFER,
    FOLLOW,
    GONE,
    GROSS,
    LAST_ROW,
    LISTINGS,
    MAX_WEIGHT,
    NET,
    NOW,
    OUT,
    REBALANCES,
    RUIN_BAR,
    SEEN_LISTINGS,
    SHARED_CASH,
    SHORTS,
    STALE,
    THRESHOLD,
    TOTAL,
    WAITING,
    WEIGHT,
)
from augury.numerics.compile import inlined

__all__ = ["decide", "guard"]


@inlined
def _aims(book: Any, weights: Any) -> Any:
    """The weights asked for, into scratch: 0 for names without a price or gone, the others cut to the caps."""
    aims, cap, gross = book.scratch[WEIGHT], book.rules[MAX_WEIGHT], 0.0
    for s in range(aims.shape[0]):
        listed = book.marks[s] != 0.0 and book.own[s, GONE] == 0.0
        aims[s] = min(max(weights[s], -cap), cap) if listed else 0.0
        gross += abs(aims[s])
    most = book.settings[LEVERAGE] - book.rules[BUFFER]
    if book.rules[BUFFER] > 0.0 and gross > most:
        for s in range(aims.shape[0]):
            aims[s] *= most / gross


@inlined
def _drifted(book: Any, s: Any, equity: Any) -> Any:
    """How far the weight of a symbol held is from its target; 0 while an order of it waits."""
    if book.units[s] == 0.0 or not math.isnan(book.rows[s, PENDING]):
        return 0.0
    return abs(book.units[s] * book.marks[s] / equity - book.rows[s, TARGET])


@inlined
def _order(book: Any, s: Any, aim: Any) -> Any:
    """An order of symbol s for the weight `aim`, where there is anything to trade."""
    row = book.rows[s]
    if aim != 0.0 or book.units[s] != 0.0 or not math.isnan(row[PENDING]):
        row[PENDING] = aim
        row[PENDING_WHY] = SIGNAL if aim != row[TARGET] else REBALANCE
        book.account[WAITING] = 1.0
    row[TARGET] = aim


@inlined
def _follow(book: Any, due: Any) -> Any:
    """Orders for changed targets, or for all of them when the calendar says so; True when there were any."""
    aims, changed = book.scratch[WEIGHT], due
    if not due:
        for s in range(aims.shape[0]):
            changed = changed or aims[s] != book.rows[s, TARGET]
    if not changed:
        return False
    for s in range(aims.shape[0]):
        asked = due or aims[s] != book.rows[s, TARGET]
        if asked or (book.rules[AFFECTED] == 0.0 and book.own[s, OUT] == 0.0):
            _order(book, s, aims[s])
    return True


@inlined
def _correct(book: Any, equity: Any) -> Any:
    """Orders because weights have drifted too far from their targets; True when there were any."""
    worst, total = 0.0, 0.0
    for s in range(book.units.shape[0]):
        drift = _drifted(book, s, equity)
        worst, total = max(worst, drift), total + drift / 2.0
    limit, whole = book.rules[THRESHOLD], book.rules[TOTAL] != 0.0
    if not (total if whole else worst) > limit:
        return False
    for s in range(book.units.shape[0]):
        if book.own[s, OUT] == 0.0 and (whole or book.rules[AFFECTED] == 0.0 or _drifted(book, s, equity) > limit):
            _order(book, s, book.rows[s, TARGET])
    return True


@inlined
def decide(book: Any, bars: Any, t: Any, equity: Any) -> Any:
    """At the close of bar t: what the weights known by now and the portfolio's own weights ask for."""
    account, row, due = book.account, bars.row[t], bars.due[t]
    if row < 0:
        return
    first = account[LAST_ROW] < 0.0
    fresh = float(row) != account[LAST_ROW] or account[LISTINGS] != account[SEEN_LISTINGS]
    ordered = False
    if first or due or (fresh and book.rules[FOLLOW] != 0.0):
        _aims(book, bars.weights[row - bars.first_row])
        ordered = _follow(book, first or due)
    account[LAST_ROW] = float(row)
    account[SEEN_LISTINGS] = account[LISTINGS]
    if not ordered and book.rules[THRESHOLD] < math.inf and equity > 0.0:
        ordered = _correct(book, equity)
    if ordered:
        account[REBALANCES] += 1.0


@inlined
def _cut_to_cap(book: Any) -> Any:
    """Order every position down so that all together are within the cap at the next fills."""
    account, cap, total = book.account, book.settings[LEVERAGE], 0.0
    wanted = book.scratch[WEIGHT]
    for s in range(wanted.shape[0]):
        value = book.units[s] * book.marks[s]
        if value != 0.0:
            pending = book.rows[s, PENDING]
            share = math.copysign(cap * (abs(value) / account[GROSS]), value)
            wanted[s] = share if math.isnan(pending) else pending
            total += abs(wanted[s])
    for s in range(wanted.shape[0]):
        if book.units[s] * book.marks[s] != 0.0:
            book.rows[s, PENDING] = wanted[s] * (cap / total) if total > cap * (1.0 + 1e-12) else wanted[s]
            book.rows[s, PENDING_WHY] = MARGIN
    account[WAITING] = 1.0


@inlined
def guard(book: Any, equity: Any) -> Any:
    """Close everything when equity is gone, order a cut when it no longer carries the positions; returns the equity."""
    account = book.account
    if equity <= 0.0:
        for s in range(book.units.shape[0]):
            if book.units[s] != 0.0:
                deal(book, s, 0.0, book.marks[s], book.settings[SLIP], RUIN)
            book.rows[s, PENDING] = math.nan
        account[RUIN_BAR] = account[NOW]
        account[SHORTS], account[GROSS], account[NET], account[STALE] = 0.0, 0.0, 0.0, 0.0
        return account[SHARED_CASH]
    if (account[SHORTS] < 0.0 or account[SHARED_CASH] < 0.0) and equity < book.settings[MAINTENANCE] * account[GROSS]:
        _cut_to_cap(book)
    return equity
