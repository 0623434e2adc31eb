"""The bar loop of one instrument: targets in, equity and fills out. The order of events in a bar is written here."""

from __future__ import annotations

import math
from typing import Any

from numba import types

from augury.backtest.account.book_keeping import accrue, exit_inside_bar, follow_best, split_and_pay, trade
from augury.backtest.account.fills import WEIGHT_ROUNDING
from augury.backtest.account.layout import (
    CASH,
    DELISTED,
    DRIFT,
    ENTRY_BAR,
    FILL,
    FILLED,
    HOLD,
    LAST_CLOSE,
    PENDING,
    PENDING_WHY,
    REBALANCE,
    RUINED,
    SIGNAL,
    SLIP,
    STOP,
    TAKE,
    TARGET,
    TIMED,
    TRAIL,
    UNITS,
    Account,
)
from augury.backtest.account.pending import drop_pending, fill_pending, mark_to_close
from augury.backtest.account.quiet_bars import pass_quiet_bars
from augury.backtest.account.records import BOOK, MARKET, VECTOR
from augury.numerics.compile import inlined, kernel

__all__ = ["ROOM", "at_open", "order_target", "run_targets"]

ROOM = 6
"""No bar writes more fills than this."""


@inlined
def _drifted(state: Any, settings: Any, equity: Any, close: Any) -> Any:
    """Whether the weight of the position is too far from what was asked for, and nothing waits to mend it."""
    if settings[DRIFT] == math.inf or state[UNITS] == 0.0 or equity <= 0.0 or not math.isnan(state[PENDING]):
        return False
    return abs(state[UNITS] * close / equity - state[TARGET]) > max(settings[DRIFT], WEIGHT_ROUNDING)


@inlined
def order_target(state: Any, settings: Any, target: Any, equity: Any, close: Any) -> Any:
    """What the strategy's target and the account's weight ask for; waits in the state."""
    if not math.isnan(target) and target != state[TARGET]:
        state[PENDING] = target
        state[TARGET] = target
        state[PENDING_WHY] = SIGNAL
    elif _drifted(state, settings, equity, close):
        state[PENDING] = state[TARGET]
        state[PENDING_WHY] = REBALANCE


@inlined
def _before_open(account: Any, t: Any, market: Any) -> Any:
    """Corporate actions and the cost of time; True when the instrument is delisted at this bar."""
    state, actions = account.state, market.actions
    accrue(state, account.settings, market.years[t])
    if actions.shape[1] == 0:
        return False
    split_and_pay(state, actions[0, t], actions[1, t])
    if math.isnan(actions[2, t]):
        return False
    if state[UNITS] != 0.0:
        trade(account, t, 0.0, actions[2, t], 0.0, DELISTED)
    state[PENDING] = math.nan
    return True


@inlined
def at_open(account: Any, t: Any, bars: Any) -> Any:
    """The time limit and, when orders fill at the open, the order that waits; True when a position was opened."""
    state, settings = account.state, account.settings
    if state[UNITS] != 0.0 and t - state[ENTRY_BAR] >= settings[HOLD]:
        side = state[UNITS]
        trade(account, t, 0.0, bars[0, t], settings[SLIP], TIMED)
        drop_pending(state, settings, side)
    if settings[FILL] == 0.0 and not math.isnan(state[PENDING]):
        return fill_pending(account, t, bars[0, t], bars[4, t]) and state[ENTRY_BAR] == t
    return False


@kernel(types.int64(MARKET, VECTOR, VECTOR, VECTOR, BOOK, types.int64))
def run_targets(market: Any, targets: Any, settings: Any, state: Any, book: Any, start: Any) -> Any:
    """Run bars start..n-1 and return n, or the bar to go on from once there is room for fills again.

    Targets float64[n] are decided at each close; see `layout` for the market, the settings, the state and the book.

    Within a bar: interest and borrowing, split, dividend, delisting, time limit, fill at the open, stop and target
    inside the bar, fill at the close, mark, margin, and last the strategy's new target.
    """
    bars, equity = market.bars, book.equity
    account = Account(state, settings, book.fills)
    exits = settings[STOP] < math.inf or settings[TAKE] < math.inf or settings[TRAIL] < math.inf
    mode = settings[FILL]
    n, t = bars.shape[1], start
    while t < n:
        if state[FILLED] + ROOM > book.fills.shape[0]:
            return t
        t = pass_quiet_bars(state, settings, market, targets, equity, t)
        if t == n:
            break
        close = bars[3, t]
        gone = _before_open(account, t, market)
        if state[RUINED] < 0.0 and not gone:
            entered = at_open(account, t, bars)
            if exits and state[UNITS] != 0.0:
                side = state[UNITS]
                if exit_inside_bar(account, t, bars, entered):
                    drop_pending(state, settings, side)
                else:
                    follow_best(state, bars, t)
            if mode == 3.0:
                order_target(state, settings, targets[t], state[CASH] + state[UNITS] * close, close)
            if mode != 0.0 and not math.isnan(state[PENDING]):
                typical = (bars[0, t] + bars[1, t] + bars[2, t] + close) / 4.0
                fill_pending(account, t, typical if mode == 2.0 else close, bars[4, t])
            equity[t] = mark_to_close(account, t, close)
            if mode != 3.0 and state[RUINED] < 0.0:
                order_target(state, settings, targets[t], equity[t], close)
        else:
            equity[t] = state[CASH]
        state[LAST_CLOSE] = close
        t += 1
    return n
