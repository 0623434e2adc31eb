"""The bar loop for orders that are events: from one to the next without a look at the bars' targets between them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import types

from augury.backtest.account.book_keeping import accrue, exit_inside_bar, follow_best
from augury.backtest.account.layout import (
    CASH,
    CASH_INTEREST,
    ENTRY_BAR,
    FILL,
    FILLED,
    HOLD,
    LAST_CLOSE,
    PENDING,
    RUINED,
    STOP,
    TAKE,
    TARGET,
    TRAIL,
    UNITS,
    Account,
    Market,
)
from augury.backtest.account.pending import drop_pending, fill_pending, mark_to_close
from augury.backtest.account.quiet_bars import pass_quiet_bars
from augury.backtest.account.records import BOOK, EVENTS, MARKET, VECTOR
from augury.backtest.account.still_blocks import NARROW, goes_by_blocks, pass_still_blocks
from augury.backtest.account.target_kernel import ROOM, at_open, order_target
from augury.numerics.compile import inlined, kernel

__all__ = ["run_events"]

_REPEATS: Final = 64
"""Events looked through for one that changes the target, before the bars up to them are passed."""


_WINDOW: Final = 1024
"""Bars that are walked through at once."""


@inlined
def _next_due(events: Any, first: Any, target: Any, n: Any) -> Any:
    """The first bar that may bring another target, as far as is looked: (bar, whether it does)."""
    last = min(first + _REPEATS, events.bars.shape[0])
    for i in range(first, last):
        if events.targets[i] < target or events.targets[i] > target:
            return events.bars[i], True
    return (n if last == events.bars.shape[0] else events.bars[last]), False


@inlined
def _walk(state: Any, settings: Any, market: Any, equity: Any, idle: Any, span: Any) -> Any:
    """Bars of `span` one by one, seen by `pass_quiet_bars` through a window with no targets: the first not done."""
    start, end = span
    timed, no_targets, no_time = market.years.shape[0] > 0, idle[0], idle[1]
    while start < end:
        stop = min(start + _WINDOW, end)
        years = market.years[start:stop] if timed else no_time[: stop - start]
        window = Market(market.bars[:, start:stop], years, market.actions)
        state[ENTRY_BAR] -= start
        done = pass_quiet_bars(state, settings, window, no_targets[: stop - start], equity[start:stop], 0)
        state[ENTRY_BAR] += start
        start += done
        if start < stop:
            break
    return start


@inlined
def _pass_bars(state: Any, settings: Any, market: Any, equity: Any, idle: Any, span: Any) -> Any:
    """Commit bars of `span`, which bring no event, while nothing else can happen: the first not done."""
    bars, (t, end) = market.bars, span
    if t < end and state[UNITS] == 0.0 and state[CASH] > 0.0 and settings[CASH_INTEREST] == 0.0:
        equity[t:end] = state[CASH]
        state[LAST_CLOSE] = bars[3, end - 1]
        return end
    while t < end:
        until = end
        if goes_by_blocks(state, settings):
            last = end if settings[HOLD] == math.inf else min(end, int(state[ENTRY_BAR] + settings[HOLD]))
            t = pass_still_blocks(state, settings, bars, equity, (t, last))
            until = min(t + NARROW, end)
        t = _walk(state, settings, market, equity, idle, (t, until))
        if t < until:
            return t
    return t


@inlined
def _full_bar(account: Any, t: Any, market: Any, target: Any, equity: Any) -> Any:
    """One bar as in the loop of `run_targets`, in the same order, without corporate actions; NaN is no target."""
    state, settings, bars = account.state, account.settings, market.bars
    exits = settings[STOP] < math.inf or settings[TAKE] < math.inf or settings[TRAIL] < math.inf
    mode, close = settings[FILL], bars[3, t]
    accrue(state, settings, market.years[t] if market.years.shape[0] > 0 else 0.0)
    if state[RUINED] < 0.0:
        entered = at_open(account, t, bars)
        if exits and state[UNITS] != 0.0:
            side = state[UNITS]
            if exit_inside_bar(account, t, bars, entered):
                drop_pending(state, settings, side)
            else:
                follow_best(state, bars, t)
        if mode == 3.0:
            order_target(state, settings, target, state[CASH] + state[UNITS] * close, close)
        if mode != 0.0 and not math.isnan(state[PENDING]):
            typical = (bars[0, t] + bars[1, t] + bars[2, t] + close) / 4.0
            fill_pending(account, t, typical if mode == 2.0 else close, bars[4, t])
        equity[t] = mark_to_close(account, t, close)
        if mode != 3.0 and state[RUINED] < 0.0:
            order_target(state, settings, target, equity[t], close)
    else:
        equity[t] = state[CASH]
    state[LAST_CLOSE] = close


@kernel(types.int64(MARKET, EVENTS, VECTOR, VECTOR, BOOK, types.int64))
def run_events(market: Any, events: Any, settings: Any, state: Any, book: Any, start: Any) -> Any:
    """As `run_targets` over the same targets, NaN where there is no event, and without corporate actions."""
    account, n, t = Account(state, settings, book.fills), market.bars.shape[1], start
    count, event, idle = events.bars.shape[0], 0, (np.full(_WINDOW, np.nan), np.zeros(_WINDOW))
    while t < n:
        if state[FILLED] + ROOM > book.fills.shape[0]:
            return t
        while event < count and events.bars[event] < t:
            event += 1
        if state[RUINED] < 0.0 and math.isnan(state[PENDING]):
            due, changes = _next_due(events, event, state[TARGET], n)
            t = _pass_bars(state, settings, market, book.equity, idle, (t, due))
            if t == due and not changes:
                continue
            while event < count and events.bars[event] < t:
                event += 1
        target = events.targets[event] if event < count and events.bars[event] == t else math.nan
        _full_bar(account, t, market, target, book.equity)
        t += 1
    return n
