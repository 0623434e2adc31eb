"""Filling one order of the book: its size, what the account can pay for, what the bar's volume allows, its outcome."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.book_keeping import paid_for, trade
from augury.backtest.account.fills import UNITS_ROUNDING, units_for_target
from augury.backtest.account.layout import (
    CARRY,
    CASH,
    CLIPPED,
    FILL_COMMISSION,
    FILL_PRICE,
    FILLED,
    LEVERAGE,
    SIGNAL,
    UNITS,
    VOLUME_LIMIT,
    WHOLE,
)
from augury.backtest.orders.order_guard import take_guards
from augury.backtest.orders.orders_layout import (
    BUYING_POWER,
    CANCELLED,
    DONE,
    DONE_FEES,
    DONE_UNITS,
    DONE_VALUE,
    FIRST_BAR,
    GROUP,
    GROUP_FILLED,
    LAST_BAR,
    LIVE,
    NO_REASON,
    NO_SHORTS,
    NOTHING,
    PARTLY,
    REASON,
    REJECTED,
    SHORTS,
    SIGNED,
    STATUS,
    USED_VOLUME,
    VOLUME,
    WAITING,
    WEIGHT,
)
from augury.numerics.compile import inlined

__all__ = ["fill_order", "settle"]

_SLACK = 1e-9
"""Buying power may be missed by this share, for rounding."""


@inlined
def settle(outcome: Any, status: Any, reason: Any) -> Any:
    """End an order; one that was filled in part keeps that."""
    outcome[STATUS] = PARTLY if outcome[DONE_UNITS] != 0.0 and status != DONE else status
    outcome[REASON] = reason


@inlined
def _refusal(account: Any, memory: Any, units: Any, reference: Any, slip: Any) -> Any:
    """Why the account may not go to `units`, NO_REASON when it may. Getting smaller is always allowed."""
    state, settings = account.state, account.settings
    held = state[UNITS]
    if abs(units) <= abs(held) and units * held >= 0.0:
        return NO_REASON
    if units < 0.0 and memory[SHORTS] == 0.0:
        return NO_SHORTS
    price, fee, _ = paid_for(held, units, reference, slip, settings)
    equity = state[CASH] + held * price - fee
    return BUYING_POWER if abs(units) * price > settings[LEVERAGE] * equity * (1.0 + _SLACK) else NO_REASON


@inlined
def _note(desk: Any, account: Any, k: Any, t: Any, traded: Any) -> Any:
    """Write the last fill of the account to the order's outcome, and cancel the rest of its group."""
    fill, outcome = account.fills[int(account.state[FILLED]) - 1], desk.outcomes[k]
    desk.memory[USED_VOLUME] += abs(traded)
    outcome[DONE_UNITS] += traded
    outcome[DONE_VALUE] += traded * fill[FILL_PRICE]
    outcome[DONE_FEES] += fill[FILL_COMMISSION]
    outcome[LAST_BAR] = t
    if outcome[FIRST_BAR] < 0.0:
        outcome[FIRST_BAR] = t
    if desk.orders[k, GROUP] >= 0.0:
        for i in range(int(desk.memory[LIVE])):
            other = desk.live[i]
            same = desk.orders[other, GROUP] == desk.orders[k, GROUP]
            if other != k and same and desk.outcomes[other, STATUS] == WAITING:
                settle(desk.outcomes[other], CANCELLED, GROUP_FILLED)


@inlined
def fill_order(desk: Any, account: Any, k: Any, t: Any, price: Any, volume: Any) -> Any:
    """Fill order k at `price` (reference, slip) as far as it may be; True when it enlarged or opened a position."""
    state, settings, memory = account.state, account.settings, desk.memory
    order, outcome = desk.orders[k], desk.outcomes[k]
    reference, slip = price
    held = state[UNITS]
    units = held + order[SIGNED] - outcome[DONE_UNITS]
    if math.isnan(order[SIGNED]):
        units = units_for_target(order[WEIGHT], state[CASH], held, reference, settings)
        if units == held:
            settle(outcome, DONE if outcome[DONE_UNITS] != 0.0 else REJECTED, NOTHING)
            return False
    refusal = _refusal(account, memory, units, reference, slip)
    if refusal != NO_REASON:
        settle(outcome, REJECTED, refusal)
        return False
    most = settings[VOLUME_LIMIT] * volume - memory[USED_VOLUME] if settings[VOLUME_LIMIT] < math.inf else math.inf
    cut = abs(units - held) > most
    if cut:
        most = math.floor(most) if settings[WHOLE] != 0.0 else most
        most = most if most > UNITS_ROUNDING * abs(units - held) else 0.0
        units = held + (most if units > held else -most)
        state[CLIPPED] += 1.0
    if abs(units) < UNITS_ROUNDING * abs(held):
        units = 0.0
    grown = abs(units) > abs(held) or units * held < 0.0
    if units != held:
        trade(account, t, units, reference, slip, SIGNAL)
        _note(desk, account, k, t, units - held)
        if grown:
            take_guards(memory, order, settings, held == 0.0 or units * held < 0.0)
    if not cut:
        settle(outcome, DONE, NO_REASON)
    elif settings[CARRY] == 0.0:
        settle(outcome, CANCELLED, VOLUME)
    return grown
