"""Units for many targets at once: the weights hold after the costs of all orders, and none overdraws."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.fills import UNITS_ROUNDING, commission_of, price_with_slip
from augury.backtest.account.layout import (
    CARRY,
    CLIPPED,
    LEVERAGE,
    MARGIN,
    MINIMUM,
    PENDING,
    PENDING_WHY,
    PER_UNIT,
    RATE,
    SLIP,
    VOLUME_LIMIT,
    WHOLE,
)
from augury.backtest.portfolio.portfolio_account import deal
from augury.backtest.portfolio.portfolio_layout import (
    BEFORE_COSTS,
    CUT_SHORT,
    GONE,
    IDLE,
    KIND,
    LEAST,
    OUT,
    PLAN,
    PRICE,
    RATED,
    REFERENCE,
    SHARED_CASH,
    SIDE,
    WAITING,
    WEIGHT,
)
from augury.numerics.compile import inlined

__all__ = ["fill_waiting"]

_PASSES = 8
_DUST = 1e-12
"""Share of the equity below which a change is rounding and no order."""

_SLACK = 1e-9
"""Share of the equity by which rounding may exceed the cap before purchases are scaled down."""


@inlined
def _gather(book: Any, values: Any, t: Any, mode: Any) -> Any:
    """Reference price, weight, side and price of each order that can be filled at bar t; returns how many."""
    scratch, cap = book.scratch, book.settings[LEVERAGE]
    equity, orders = book.account[SHARED_CASH], 0
    for s in range(book.units.shape[0]):
        if mode == 0.0:
            reference = values[0, t, s]
        elif mode == 2.0:
            reference = (values[0, t, s] + values[1, t, s] + values[2, t, s] + values[3, t, s]) / 4.0
        else:
            reference = values[3, t, s]
        known = not math.isnan(reference) and book.own[s, GONE] == 0.0
        scratch[REFERENCE, s] = reference if known else book.marks[s]
        scratch[KIND, s] = IDLE
        weight = book.rows[s, PENDING]
        if not math.isnan(weight):
            if known:
                scratch[KIND, s] = RATED
                scratch[WEIGHT, s] = min(max(weight, -cap), cap)
                orders += 1
            elif book.settings[CARRY] == 0.0:
                book.rows[s, PENDING] = math.nan
        equity += book.units[s] * scratch[REFERENCE, s]
    for s in range(book.units.shape[0]):
        if scratch[KIND, s] != IDLE:
            reference, held = scratch[REFERENCE, s], book.units[s]
            scratch[SIDE, s] = 1.0 if scratch[WEIGHT, s] * equity > held * reference else -1.0
            scratch[PRICE, s] = price_with_slip(reference, scratch[SIDE, s], book.settings[SLIP])
    return orders


@inlined
def _solve(book: Any) -> Any:
    """Plan units so that each order's value is its weight times the equity left after the costs of them all.

    With equity e at the fill prices, c costs per value traded, side s and units held u of each order, the equity left
    is e' = e - sum of s (q - u) p c and q p = w e'; hence e' = (e + sum of s u p c) / (1 + sum of s w c), where an
    order whose minimum commission m binds takes m from e instead. Returns e.
    """
    settings, scratch = book.settings, book.scratch
    before = book.rules[BEFORE_COSTS] != 0.0
    equity = book.account[SHARED_CASH]
    for s in range(book.units.shape[0]):
        at = REFERENCE if scratch[KIND, s] == IDLE or before else PRICE
        equity += book.units[s] * scratch[at, s]
    top, bottom = equity, 1.0
    for s in range(0 if before else book.units.shape[0]):
        if scratch[KIND, s] == RATED:
            side, price, weight = scratch[SIDE, s], scratch[PRICE, s], scratch[WEIGHT, s]
            per_value = settings[RATE] + settings[PER_UNIT] / price
            top += side * book.units[s] * price * per_value
            bottom += side * weight * per_value
        elif scratch[KIND, s] == LEAST:
            top -= settings[MINIMUM]
    for s in range(book.units.shape[0]):
        weight, held = scratch[WEIGHT, s], book.units[s]
        if scratch[KIND, s] == IDLE:
            scratch[PLAN, s] = held
        elif weight == 0.0:
            scratch[PLAN, s] = 0.0
        elif equity <= 0.0:
            scratch[PLAN, s] = held
        else:
            scratch[PLAN, s] = weight * top / (scratch[REFERENCE if before else PRICE, s] * bottom)
    return equity


@inlined
def _find_minimums(book: Any) -> Any:
    """Mark the orders whose minimum commission binds; True when there are some."""
    settings, scratch, found = book.settings, book.scratch, False
    for s in range(book.units.shape[0]):
        if scratch[KIND, s] == RATED:
            price = scratch[PRICE, s]
            per_value = settings[RATE] + settings[PER_UNIT] / price
            if abs(scratch[PLAN, s] - book.units[s]) * price * per_value < settings[MINIMUM]:
                scratch[KIND, s] = LEAST
                found = True
    return found


@inlined
def _drop_idle(book: Any, dust: Any) -> Any:
    """Leave out orders whose change is smaller than its own costs, or than `dust` in value; True when some were."""
    scratch, dropped = book.scratch, False
    for s in range(book.units.shape[0]):
        if scratch[KIND, s] == IDLE:
            continue
        units, held, weight = scratch[PLAN, s], book.units[s], scratch[WEIGHT, s]
        if book.settings[WHOLE] != 0.0:
            units = float(math.trunc(units))
            scratch[PLAN, s] = units
        grows = book.rows[s, PENDING_WHY] == MARGIN and abs(units) > abs(held)
        wrong = weight != 0.0 and (not (units - held) * scratch[SIDE, s] > 0.0 or units * weight < 0.0)
        tiny = weight != 0.0 and abs(units - held) * scratch[PRICE, s] <= dust
        if grows or wrong or tiny or units == held:
            scratch[KIND, s] = IDLE
            scratch[PLAN, s] = held
            book.rows[s, PENDING] = math.nan
            dropped = True
    return dropped


@inlined
def _limit_by_volume(book: Any, volumes: Any) -> Any:
    """Cut each order to its share of the bar's volume; the rest waits, or is dropped."""
    settings, scratch = book.settings, book.scratch
    for s in range(book.units.shape[0]):
        if scratch[KIND, s] == IDLE:
            continue
        waits = False
        if settings[VOLUME_LIMIT] < math.inf:
            held, allowed = book.units[s], settings[VOLUME_LIMIT] * volumes[s]
            if abs(scratch[PLAN, s] - held) > allowed:
                if settings[WHOLE] != 0.0:
                    allowed = math.floor(allowed)
                scratch[PLAN, s] = held + (allowed if scratch[PLAN, s] > held else -allowed)
                if abs(scratch[PLAN, s]) < UNITS_ROUNDING * abs(held):
                    scratch[PLAN, s] = 0.0
                book.rows[s, CLIPPED] += 1.0
                waits = settings[CARRY] != 0.0
        if not waits:
            book.rows[s, PENDING] = math.nan


@inlined
def _base(plan: Any, held: Any) -> Any:
    """Where the growing part of an order starts: at the units held, or at none when it changes sides."""
    return held if plan * held > 0.0 else 0.0


@inlined
def _keep_within_cap(book: Any) -> Any:
    """Scale the growing orders down, all in proportion, when the account could not carry them after costs."""
    settings, scratch = book.settings, book.scratch
    equity, gross, growth = book.account[SHARED_CASH], 0.0, 0.0
    for s in range(book.units.shape[0]):
        plan, held = scratch[PLAN, s], book.units[s]
        price = scratch[REFERENCE if scratch[KIND, s] == IDLE else PRICE, s]
        equity += held * price
        gross += abs(plan) * price
        if plan != held:
            equity -= commission_of(plan - held, price, settings)
            growth += max(abs(plan) - abs(_base(plan, held)), 0.0) * price
    allowed = settings[LEVERAGE] * max(equity, 0.0)
    if gross <= allowed * (1.0 + _SLACK) or growth == 0.0:
        return
    share = max(0.0, 1.0 - (gross - allowed) / growth)
    book.account[CUT_SHORT] += 1.0
    for s in range(book.units.shape[0]):
        plan, held = scratch[PLAN, s], book.units[s]
        base = _base(plan, held)
        if abs(plan) > abs(base):
            scratch[PLAN, s] = base + share * (plan - base)
            if settings[WHOLE] != 0.0:
                scratch[PLAN, s] = float(math.trunc(scratch[PLAN, s]))
            book.rows[s, CLIPPED] += 1.0


@inlined
def _trade_plan(book: Any, side: Any) -> Any:
    """Carry out the orders of one side: below 0 the sales, above 0 the purchases."""
    scratch = book.scratch
    for s in range(book.units.shape[0]):
        if scratch[KIND, s] != IDLE and (scratch[PLAN, s] - book.units[s]) * side > 0.0:
            why = int(book.rows[s, PENDING_WHY])
            deal(book, s, scratch[PLAN, s], scratch[REFERENCE, s], book.settings[SLIP], why)
            scratch[KIND, s] = IDLE
            if scratch[PLAN, s] != 0.0:
                book.own[s, OUT] = 0.0


@inlined
def fill_waiting(book: Any, values: Any, t: Any, mode: Any) -> Any:
    """Fill the orders that wait at bar t: sales first, then purchases, none more than the account can carry."""
    if _gather(book, values, t, mode) == 0:
        return
    for _ in range(_PASSES):
        equity = _solve(book)
        if book.settings[MINIMUM] > 0.0 and _find_minimums(book):
            _solve(book)
        if not _drop_idle(book, _DUST * abs(equity)):
            break
    _limit_by_volume(book, values[4, t])
    _keep_within_cap(book)
    _trade_plan(book, -1.0)
    _trade_plan(book, 1.0)
    waiting = 0.0
    for s in range(book.units.shape[0]):
        if not math.isnan(book.rows[s, PENDING]):
            waiting = 1.0
    book.account[WAITING] = waiting
