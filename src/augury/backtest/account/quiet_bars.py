"""Bars on which nothing happens but the passing of time: walked with the account's numbers in registers.

Most bars bring no order, no exit and no corporate action. This loop commits such bars with the arithmetic of the full
one, to the bit, and stops before the first bar that might bring something; the full loop decides whether it does.
"""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.book_keeping import ROUNDING_DEBT, accrued, exit_levels
from augury.backtest.account.fills import WEIGHT_ROUNDING
from augury.backtest.account.layout import (
    BEST,
    BORROWING,
    CASH,
    CASH_INTEREST,
    DRIFT,
    ENTRY_BAR,
    ENTRY_PRICE,
    HOLD,
    INTEREST,
    LAST_CLOSE,
    MAINTENANCE,
    PENDING,
    RUINED,
    STOP,
    TAKE,
    TARGET,
    TRAIL,
    UNITS,
)
from augury.numerics.compile import inlined

__all__ = ["pass_quiet_bars"]


@inlined
def _acts(actions: Any, t: Any) -> Any:
    """Whether bar t brings a split, a dividend or a delisting."""
    return actions[0, t] != 1.0 or actions[1, t] != 0.0 or not math.isnan(actions[2, t])


@inlined
def _last_quiet(state: Any, settings: Any, n: Any) -> Any:
    """The bar before which no time limit runs out."""
    if state[UNITS] == 0.0 or settings[HOLD] == math.inf:
        return n
    return min(n, int(state[ENTRY_BAR] + settings[HOLD]))


@inlined
def _must_act(units: Any, value: Any, cash: Any, equity: Any, target: Any, limits: Any) -> Any:
    """Whether ruin, a margin call or drift makes the account act at this close; `limits`: maintenance, drift."""
    maintenance, drift = limits
    if equity <= 0.0:
        return True
    if (units < 0.0 or cash < 0.0) and equity < maintenance * abs(value):
        return True
    return units != 0.0 and drift < math.inf and abs(value / equity - target) > drift


@inlined
def _pass_flat(cash: Any, target: Any, actions: Any, targets: Any, equity: Any, start: Any) -> Any:
    """Without a position and without interest equity is the cash, until the target changes."""
    acting = actions.shape[1] > 0
    wanted, out = targets[start:], equity[start:]
    for i in range(wanted.shape[0]):
        if wanted[i] < target or wanted[i] > target or (acting and _acts(actions, start + i)):
            return start + i
        out[i] = cash
    return targets.shape[0]


@inlined
def _reaches(long: Any, high: Any, low: Any, stop: Any, take: Any) -> Any:
    """Whether the bar may touch the stop or the target."""
    return (low <= stop or high >= take) if long else (high >= stop or low <= take)


@inlined
def pass_quiet_bars(state: Any, settings: Any, market: Any, targets: Any, equity: Any, start: Any) -> Any:
    """Commit bars from `start` on while nothing can happen; returns the first bar that the full loop must do."""
    bars, years, actions = market
    n = bars.shape[1]
    if state[RUINED] >= 0.0 or not math.isnan(state[PENDING]) or start >= n:
        return start
    units, cash, last, target = state[UNITS], state[CASH], state[LAST_CLOSE], state[TARGET]
    interest, borrowing, best, entry = state[INTEREST], state[BORROWING], state[BEST], state[ENTRY_PRICE]
    free = units >= 0.0 and settings[CASH_INTEREST] == 0.0
    if units == 0.0 and free and cash > 0.0:
        t = _pass_flat(cash, target, actions, targets, equity, start)
        if t > start:
            state[LAST_CLOSE] = bars[3, t - 1]
        return t
    acting, long, trailing = actions.shape[1] > 0, units > 0.0, settings[TRAIL] < math.inf
    exits = units != 0.0 and min(min(settings[STOP], settings[TAKE]), settings[TRAIL]) < math.inf
    guarded = not free or cash <= 0.0 or settings[DRIFT] < math.inf
    stop, take, _ = exit_levels(units, entry, best, settings)
    before, limits = units * last, (settings[MAINTENANCE], max(settings[DRIFT], WEIGHT_ROUNDING))
    end = _last_quiet(state, settings, n)
    highs, lows, closes = bars[1, start:end], bars[2, start:end], bars[3, start:end]
    wanted, out, count = targets[start:end], equity[start:end], 0
    for i in range(closes.shape[0]):
        if wanted[i] < target or wanted[i] > target or (acting and _acts(actions, start + i)):
            break
        if exits and _reaches(long, highs[i], lows[i], stop, take):
            break
        value, after, fee, earned = units * closes[i], cash, 0.0, 0.0
        if not free or -cash > ROUNDING_DEBT * before:
            fee, earned = accrued(cash, before, settings, years[start + i])
            after = cash - fee + earned
        marked = after + value
        if guarded and _must_act(units, value, after, marked, target, limits):
            break
        cash, before, out[i] = after, value, marked
        borrowing += fee
        interest += earned
        if exits:
            best = max(best, highs[i]) if long else min(best, lows[i])
            if trailing:
                stop, take, _ = exit_levels(units, entry, best, settings)
        count += 1
    if count > 0:
        state[LAST_CLOSE] = closes[count - 1]
    state[CASH], state[BEST], state[INTEREST], state[BORROWING] = cash, best, interest, borrowing
    return start + count
