"""The exits that guard a position opened by orders: stop-loss, take-profit, trailing stop, as fractions or prices."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.book_keeping import trade
from augury.backtest.account.layout import (
    BEST,
    ENTRY_PRICE,
    HOLD,
    SLIP,
    STOP,
    STOPPED,
    TAKE,
    TAKEN,
    TRAIL,
    TRAILED,
    UNITS,
)
from augury.backtest.orders.orders_layout import (
    AS_PRICES,
    GAIN,
    GUARDS,
    HELD_AS_PRICES,
    HELD_GAIN,
    HELD_HOLDING,
    HELD_LOSS,
    HELD_TRAILING,
    HOLDING,
    LOSS,
    TRAILING,
)
from augury.numerics.compile import inlined

__all__ = ["guard_levels", "leave_at_open", "stop_inside", "take_guards"]


@inlined
def take_guards(memory: Any, order: Any, settings: Any, opened: Any) -> Any:
    """After a fill that opened or enlarged the position: the order's exits guard all of it, if it has any.

    Without its own, an order that opens takes those of the settings, and one that adds leaves what is there.
    """
    if order[GUARDS] != 0.0:
        memory[HELD_LOSS], memory[HELD_GAIN], memory[HELD_TRAILING] = order[LOSS], order[GAIN], order[TRAILING]
        memory[HELD_HOLDING], memory[HELD_AS_PRICES] = order[HOLDING], order[AS_PRICES]
    elif opened:
        memory[HELD_LOSS], memory[HELD_GAIN], memory[HELD_TRAILING] = settings[STOP], settings[TAKE], settings[TRAIL]
        memory[HELD_HOLDING], memory[HELD_AS_PRICES] = settings[HOLD], 0.0


@inlined
def guard_levels(state: Any, memory: Any) -> Any:
    """(stop, target, whether the trailing stop is the nearer one) of the position; infinite where there is none."""
    side = 1.0 if state[UNITS] > 0.0 else -1.0
    entry, best = state[ENTRY_PRICE], state[BEST]
    loss, gain, trail = memory[HELD_LOSS], memory[HELD_GAIN], memory[HELD_TRAILING]
    fixed, trailing, target = -side * math.inf, -side * math.inf, side * math.inf
    prices = memory[HELD_AS_PRICES] != 0.0
    if loss < math.inf:
        fixed = loss if prices else entry * (1.0 - side * loss)
    if trail < math.inf:
        trailing = best - side * trail if prices else best * (1.0 - side * trail)
    if gain < math.inf:
        target = gain if prices else entry * (1.0 + side * gain)
    trails = side * trailing > side * fixed
    return trailing if trails else fixed, target, trails


@inlined
def leave_at_open(account: Any, memory: Any, t: Any, first: Any) -> Any:
    """Close the position when the open lies beyond its stop or its target; True when it did."""
    state = account.state
    if state[UNITS] == 0.0:
        return False
    side = 1.0 if state[UNITS] > 0.0 else -1.0
    stop, target, trails = guard_levels(state, memory)
    if side * first <= side * stop:
        trade(account, t, 0.0, first, account.settings[SLIP], TRAILED if trails else STOPPED)
        return True
    if side * first >= side * target:
        trade(account, t, 0.0, first, 0.0, TAKEN)
        return True
    return False


@inlined
def stop_inside(account: Any, memory: Any, t: Any, bar: Any) -> Any:
    """Close the position when the bar touches its stop; True when it did. Never at a price outside the bar."""
    state = account.state
    if state[UNITS] == 0.0:
        return False
    side = 1.0 if state[UNITS] > 0.0 else -1.0
    stop, _, trails = guard_levels(state, memory)
    if side * (bar[2] if side > 0.0 else bar[1]) > side * stop:
        return False
    reference = min(stop, bar[1]) if side > 0.0 else max(stop, bar[2])
    trade(account, t, 0.0, reference, account.settings[SLIP], TRAILED if trails else STOPPED)
    return True
