"""The bar loop of the orders door. The order of events inside a bar, always to the trader's disadvantage, is here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from augury.backtest.account.book_keeping import accrue, split_and_pay, trade
from augury.backtest.account.layout import (
    AMBIGUOUS,
    BEST,
    CASH,
    DELISTED,
    ENTRY_BAR,
    FILLED,
    HOLD,
    LAST_CLOSE,
    PENDING,
    RUINED,
    SLIP,
    STOP,
    TAKE,
    TAKEN,
    TIMED,
    TRAIL,
    UNITS,
    WHOLE,
    Account,
)
from augury.backtest.account.pending import fill_pending, mark_to_close
from augury.backtest.account.quiet_bars import pass_quiet_bars
from augury.backtest.account.records import BOOK, MARKET, MATRIX, VECTOR
from augury.backtest.orders.order_fill import fill_order, settle
from augury.backtest.orders.order_guard import guard_levels, leave_at_open, stop_inside
from augury.backtest.orders.order_touch import side_of, touched_at_open, touched_inside, trips_inside
from augury.backtest.orders.orders_layout import (
    ACTIVE,
    AS_PRICES,
    BROKE,
    CANCELLED,
    DONE_UNITS,
    EXPIRED,
    EXPIRES,
    GAIN,
    GONE,
    GOOD_FOR_ENDED,
    GROUP,
    HELD_AS_PRICES,
    HELD_GAIN,
    HELD_HOLDING,
    HELD_LOSS,
    HELD_TRAILING,
    KIND,
    LIMIT,
    LIMIT_PRICE,
    LIVE,
    LOSS,
    NEXT,
    SIGNED,
    STATUS,
    STOP_LIMIT,
    STOP_ORDER,
    STOP_PRICE,
    TRAILING,
    TRIGGERED,
    USED_VOLUME,
    WAITING,
    Desk,
)
from augury.numerics.compile import inlined, kernel

__all__ = ["run_orders_kernel"]

_DESK = types.NamedTuple((MATRIX, MATRIX, types.int64[::1], VECTOR, VECTOR), Desk)
_ROOM = 8
"""Besides two for each order in the book no bar writes more fills than this."""
_TOO_FAR = 1e300
"""A trailing stop that is never met: the best price is kept up, should an order set a nearer one later."""


@inlined
def _enter(desk: Any, t: Any) -> Any:
    """Take the orders that are active from bar t on into the book."""
    memory = desk.memory
    while memory[NEXT] < desk.orders.shape[0] and desk.orders[int(memory[NEXT]), ACTIVE] <= t:
        desk.live[int(memory[LIVE])] = int(memory[NEXT])
        memory[LIVE] += 1.0
        memory[NEXT] += 1.0


@inlined
def _restate(desk: Any, ratio: Any, whole: Any) -> Any:
    """A split changes the prices and units of what waits in the book and of the exits of the position."""
    memory = desk.memory
    for i in range(int(memory[LIVE])):
        order, outcome = desk.orders[desk.live[i]], desk.outcomes[desk.live[i]]
        order[SIGNED] = np.trunc(order[SIGNED] * ratio) if whole else order[SIGNED] * ratio
        outcome[DONE_UNITS] *= ratio
        order[LIMIT_PRICE] /= ratio
        order[STOP_PRICE] /= ratio
        if order[AS_PRICES] != 0.0:
            order[LOSS] /= ratio
            order[GAIN] /= ratio
            order[TRAILING] /= ratio
    if memory[HELD_AS_PRICES] != 0.0:
        memory[HELD_LOSS] /= ratio
        memory[HELD_GAIN] /= ratio
        memory[HELD_TRAILING] /= ratio


@inlined
def _clear(desk: Any, t: Any, reason: Any) -> Any:
    """End the orders that are through, those whose time is up at bar t and, with a reason, all others."""
    memory, kept = desk.memory, 0
    for i in range(int(memory[LIVE])):
        k = desk.live[i]
        outcome = desk.outcomes[k]
        if outcome[STATUS] == WAITING and reason != 0:
            settle(outcome, CANCELLED, reason)
        elif outcome[STATUS] == WAITING and desk.orders[k, EXPIRES] <= t:
            settle(outcome, EXPIRED, GOOD_FOR_ENDED)
        if outcome[STATUS] == WAITING:
            desk.live[kept] = k
            kept += 1
    memory[LIVE] = kept


@inlined
def _before_open(desk: Any, account: Any, market: Any, t: Any) -> Any:
    """The cost of time and corporate actions; True when the instrument is delisted at this bar."""
    state, actions = account.state, market.actions
    accrue(state, account.settings, market.years[t])
    if actions.shape[1] == 0:
        return False
    split_and_pay(state, actions[0, t], actions[1, t])
    if actions[0, t] != 1.0:
        _restate(desk, actions[0, t], account.settings[WHOLE] != 0.0)
    if math.isnan(actions[2, t]):
        return False
    if state[UNITS] != 0.0:
        trade(account, t, 0.0, actions[2, t], 0.0, DELISTED)
    return True


@inlined
def _at_open(desk: Any, account: Any, t: Any, bar: Any) -> Any:
    """Margin cuts, the time limit, the orders that fill at the open, and exits that the open has passed.

    True when such an exit closed the position: nothing else fills in this bar.
    """
    state, settings, memory = account.state, account.settings, desk.memory
    if not math.isnan(state[PENDING]):
        fill_pending(account, t, bar[0], bar[4])
        state[PENDING] = math.nan
    if state[UNITS] != 0.0 and t - state[ENTRY_BAR] >= memory[HELD_HOLDING]:
        trade(account, t, 0.0, bar[0], settings[SLIP], TIMED)
    for i in range(int(memory[LIVE])):
        k = desk.live[i]
        order, outcome = desk.orders[k], desk.outcomes[k]
        if outcome[STATUS] != WAITING:
            continue
        fills, reference, slip = touched_at_open(order, outcome[TRIGGERED] != 0.0, bar[0], settings[SLIP])
        if order[KIND] >= STOP_ORDER and side_of(order) * bar[0] >= side_of(order) * order[STOP_PRICE]:
            outcome[TRIGGERED] = 1.0
        if fills:
            fill_order(desk, account, k, t, (reference, slip), bar[4])
    return leave_at_open(account, memory, t, bar[0])


@inlined
def _touch(desk: Any, k: Any, bar: Any, slip: Any) -> Any:
    """What `touched_inside` says of order k while it waits; an order without units to trade is never touched."""
    outcome = desk.outcomes[k]
    fills, reference, slip = touched_inside(desk.orders[k], outcome[TRIGGERED] != 0.0, bar, slip)
    return fills and outcome[STATUS] == WAITING, reference, slip


@inlined
def _reaches_target(account: Any, memory: Any, bar: Any) -> Any:
    """Whether the bar trades through the target of the position held."""
    state = account.state
    if state[UNITS] == 0.0:
        return False
    side = 1.0 if state[UNITS] > 0.0 else -1.0
    return side * (bar[1] if side > 0.0 else bar[2]) > side * guard_levels(state, memory)[1]


@inlined
def _mates(desk: Any, k: Any, price: Any, bar: Any, slip: Any) -> Any:
    """(whether another order of k's group is touched in this bar too, whether one of them is worse by the close)."""
    touched = worse = False
    if desk.orders[k, GROUP] >= 0.0:
        mine = side_of(desk.orders[k]) * (bar[3] - price)
        for i in range(int(desk.memory[LIVE])):
            other = desk.live[i]
            if other != k and desk.orders[other, GROUP] == desk.orders[k, GROUP]:
                fills, reference, _ = _touch(desk, other, bar, slip)
                touched = touched or fills
                worse = worse or (fills and side_of(desk.orders[other]) * (bar[3] - reference) < mine)
    return touched, worse


@inlined
def _takes_profit(desk: Any, account: Any, k: Any) -> Any:
    """Whether order k rests as a limit order that would make the position smaller."""
    order = desk.orders[k]
    resting = order[KIND] == LIMIT or (order[KIND] == STOP_LIMIT and desk.outcomes[k, TRIGGERED] != 0.0)
    return resting and side_of(order) * account.state[UNITS] < 0.0


@inlined
def _profit_in_reach(desk: Any, account: Any, bar: Any) -> Any:
    """Whether the bar trades through the target of the position held, or a limit order that takes profit on it."""
    if _reaches_target(account, desk.memory, bar):
        return True
    for i in range(int(desk.memory[LIVE])):
        k = desk.live[i]
        if _takes_profit(desk, account, k) and _touch(desk, k, bar, account.settings[SLIP])[0]:
            return True
    return False


@inlined
def _fill_inside(desk: Any, account: Any, t: Any, bar: Any, taking: Any) -> Any:
    """Fill orders touched inside the bar: (opened or enlarged a position, several of one group were touched).

    `taking` False: all but the limit orders that make the position smaller. True: those, unless they lie beyond the
    position's target and that is reached too.
    """
    state, slip = account.state, account.settings[SLIP]
    grown = mated = False
    for i in range(int(desk.memory[LIVE])):
        k = desk.live[i]
        fills, reference, slipped = _touch(desk, k, bar, slip)
        if not fills or _takes_profit(desk, account, k) != taking:
            continue
        if taking:
            side = 1.0 if state[UNITS] > 0.0 else -1.0
            target = guard_levels(state, desk.memory)[1]
            reached = side * (bar[1] if side > 0.0 else bar[2]) > side * target
            if reached and side * reference > side * target:
                continue
        touched, worse = _mates(desk, k, reference, bar, slip)
        mated = mated or touched
        if worse:
            continue
        grown = fill_order(desk, account, k, t, (reference, slipped), bar[4]) or grown
    return grown, mated


@inlined
def _inside(desk: Any, account: Any, t: Any, bar: Any) -> Any:
    """The pessimistic path: what opens or cuts losses first, then the stop, then what takes profit.

    A position that was opened or enlarged inside the bar may be stopped in it, but not reach its target: the bar may
    have been there before.
    """
    state, memory = account.state, desk.memory
    grown, mated = _fill_inside(desk, account, t, bar, False)
    reached = _profit_in_reach(desk, account, bar)
    if stop_inside(account, memory, t, bar):
        state[AMBIGUOUS] += 1.0 if grown or mated or reached else 0.0
        return
    turned, paired = _fill_inside(desk, account, t, bar, True)
    stopped = turned and stop_inside(account, memory, t, bar)
    if not stopped and not grown and not turned and _reaches_target(account, memory, bar):
        trade(account, t, 0.0, guard_levels(state, memory)[1], 0.0, TAKEN)
    elif state[UNITS] > 0.0:
        state[BEST] = max(state[BEST], bar[3] if grown or turned else bar[1])
    elif state[UNITS] < 0.0:
        state[BEST] = min(state[BEST], bar[3] if grown or turned else bar[2])
    state[AMBIGUOUS] += 1.0 if mated or paired or stopped or (grown and reached) else 0.0


@inlined
def _trip(desk: Any, bar: Any) -> Any:
    """Remember which stop and stop-limit orders this bar has tripped without filling them."""
    for i in range(int(desk.memory[LIVE])):
        k = desk.live[i]
        if desk.orders[k, KIND] >= STOP_ORDER and trips_inside(desk.orders[k], bar):
            desk.outcomes[k, TRIGGERED] = 1.0


@inlined
def _skip(desk: Any, account: Any, market: Any, guarded: Any, equity: Any, t: Any) -> Any:
    """The first bar from t on at which something may happen, those before it done; t while orders wait in the book.

    `guarded` are the settings with the exits of the position held in the place of the general ones.
    """
    state, memory = account.state, desk.memory
    if memory[LIVE] > 0.0 or (state[UNITS] != 0.0 and memory[HELD_AS_PRICES] != 0.0):
        return t
    loss, gain, trail, hold = memory[HELD_LOSS], memory[HELD_GAIN], memory[HELD_TRAILING], memory[HELD_HOLDING]
    guarded[STOP] = loss if loss < math.inf else math.inf
    guarded[TAKE] = gain if gain < math.inf else math.inf
    guarded[TRAIL] = trail if trail < math.inf else _TOO_FAR
    guarded[HOLD] = hold if hold < math.inf else math.inf
    return pass_quiet_bars(state, guarded, market, desk.entering, equity, t)


@kernel(types.int64(MARKET, VECTOR, VECTOR, BOOK, _DESK, types.int64))
def run_orders_kernel(market: Any, settings: Any, state: Any, book: Any, desk: Any, start: Any) -> Any:
    """Run bars start..n-1 and return n, or the bar to go on from once there is room for fills again.

    See `layout` and `orders_layout` for the arrays. Within a bar: interest and borrowing, split, dividend, delisting,
    margin cut, time limit, orders that fill at the open, exits the open has passed, then `_inside`, mark, margin.
    """
    bars, account, memory = market.bars, Account(state, settings, book.fills), desk.memory
    guarded, t = settings.copy(), start
    while t < bars.shape[1]:
        t = _skip(desk, account, market, guarded, book.equity, t)
        if t == bars.shape[1]:
            break
        _enter(desk, t)
        if state[FILLED] + 2.0 * memory[LIVE] + _ROOM > book.fills.shape[0]:
            return t
        bar = (bars[0, t], bars[1, t], bars[2, t], bars[3, t], bars[4, t])
        memory[USED_VOLUME] = 0.0
        if _before_open(desk, account, market, t):
            book.equity[t] = state[CASH]
            _clear(desk, t, GONE)
        elif state[RUINED] >= 0.0:
            book.equity[t] = state[CASH]
            _clear(desk, t, BROKE)
        else:
            if not _at_open(desk, account, t, bar):
                _inside(desk, account, t, bar)
            _trip(desk, bar)
            book.equity[t] = mark_to_close(account, t, bar[3])
            _clear(desk, t, 0)
        state[LAST_CLOSE] = bar[3]
        t += 1
    return bars.shape[1]
