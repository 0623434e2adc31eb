"""The order that waits in the account: filling it, dropping it, and what the account itself orders at the close."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.book_keeping import trade
from augury.backtest.account.fills import UNITS_ROUNDING, units_for_target
from augury.backtest.account.layout import (
    CARRY,
    CASH,
    CLIPPED,
    EVENTS,
    LEVERAGE,
    MAINTENANCE,
    MARGIN,
    PENDING,
    PENDING_WHY,
    RUIN,
    RUINED,
    SLIP,
    TARGET,
    UNITS,
    VOLUME_LIMIT,
    WHOLE,
)
from augury.numerics.compile import inlined

__all__ = ["drop_pending", "fill_pending", "mark_to_close"]


@inlined
def fill_pending(account: Any, t: Any, reference: Any, volume: Any) -> Any:
    """Fill the waiting order at `reference`, as far as the bar's volume allows; True when units changed."""
    state, settings = account.state, account.settings
    held = state[UNITS]
    units = units_for_target(state[PENDING], state[CASH], held, reference, settings)
    allowed = settings[VOLUME_LIMIT] * volume if settings[VOLUME_LIMIT] < math.inf else math.inf
    waits = False
    if state[PENDING_WHY] == MARGIN and abs(units) > abs(held):
        units = held
    if abs(units - held) > allowed:
        if settings[WHOLE] != 0.0:
            allowed = math.floor(allowed)
        units = held + (allowed if units > held else -allowed)
        if abs(units) < UNITS_ROUNDING * abs(held):
            units = 0.0
        state[CLIPPED] += 1.0
        waits = settings[CARRY] != 0.0
    if not waits:
        state[PENDING] = math.nan
    if units == held:
        return False
    trade(account, t, units, reference, settings[SLIP], int(state[PENDING_WHY]))
    return True


@inlined
def drop_pending(state: Any, settings: Any, side: Any) -> Any:
    """After the engine closed a position of that sign: orders to hold such a one are void, and events may ask anew.

    An order for the other side, or for none, still stands.
    """
    if math.isnan(state[PENDING]) or state[PENDING] * side > 0.0:
        state[PENDING] = math.nan
        if settings[EVENTS] != 0.0:
            state[TARGET] = 0.0


@inlined
def mark_to_close(account: Any, t: Any, close: Any) -> Any:
    """Mark to the close: close out when equity is gone, order a cut when it no longer carries the position."""
    state, settings = account.state, account.settings
    equity = state[CASH] + state[UNITS] * close
    if equity <= 0.0:
        if state[UNITS] != 0.0:
            trade(account, t, 0.0, close, settings[SLIP], RUIN)
        state[PENDING] = math.nan
        state[RUINED] = t
        equity = state[CASH]
    elif state[UNITS] < 0.0 or state[CASH] < 0.0:
        value = state[UNITS] * close
        if equity < settings[MAINTENANCE] * abs(value):
            cap = settings[LEVERAGE]
            wanted = state[PENDING] if not math.isnan(state[PENDING]) else math.copysign(cap, value)
            state[PENDING] = min(max(wanted, -cap), cap)
            state[PENDING_WHY] = MARGIN
    return equity
