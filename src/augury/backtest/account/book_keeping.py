"""The account: how a trade, the time between bars, a corporate action and an exit inside the bar change it."""

from __future__ import annotations

from typing import Any

from augury.backtest.account.fills import commission_of, price_with_slip
from augury.backtest.account.layout import (
    AMBIGUOUS,
    BEST,
    BORROW,
    BORROWING,
    CASH,
    CASH_INTEREST,
    COMMISSION,
    DIVIDENDS,
    ENTRY_BAR,
    ENTRY_PRICE,
    FILL_BAR,
    FILL_COMMISSION,
    FILL_HELD,
    FILL_PRICE,
    FILL_SLIPPAGE,
    FILL_UNITS,
    FILL_WHY,
    FILLED,
    INTEREST,
    LAST_CLOSE,
    MARGIN_INTEREST,
    SLIP,
    SLIPPAGE,
    STOP,
    STOPPED,
    TAKE,
    TAKEN,
    TRAIL,
    TRAILED,
    UNITS,
)
from augury.numerics.compile import inlined

__all__ = [
    "ROUNDING_DEBT",
    "accrue",
    "accrued",
    "exit_inside_bar",
    "exit_levels",
    "follow_best",
    "note_fill",
    "paid_for",
    "split_and_pay",
    "trade",
]

ROUNDING_DEBT = 1e-6
"""Debt below this share of the position bears no interest: a fully invested account owes a rounding error."""


@inlined
def note_fill(account: Any, t: Any, held: Any, units: Any, paid: Any, why: Any) -> Any:
    """Write a fill down and keep what the position remembers of its entry; cash and units are the caller's.

    `paid` is what `paid_for` gave.
    """
    state, fills = account.state, account.fills
    price, fee, slipped = paid
    traded = units - held
    state[COMMISSION] += fee
    state[SLIPPAGE] += slipped
    if held == 0.0 or held * units < 0.0:
        state[ENTRY_PRICE] = price
        state[BEST] = price
        state[ENTRY_BAR] = t
    elif abs(units) > abs(held):
        state[ENTRY_PRICE] = (held * state[ENTRY_PRICE] + traded * price) / units
    at = int(state[FILLED])
    fills[at, FILL_BAR] = t
    fills[at, FILL_UNITS] = traded
    fills[at, FILL_PRICE] = price
    fills[at, FILL_COMMISSION] = fee
    fills[at, FILL_SLIPPAGE] = slipped
    fills[at, FILL_WHY] = why
    fills[at, FILL_HELD] = units
    state[FILLED] += 1.0


@inlined
def paid_for(held: Any, units: Any, reference: Any, slip: Any, settings: Any) -> Any:
    """Going from the units held to `units` at `reference` moved by `slip`: (price, commission, cost of the slip)."""
    traded = units - held
    price = price_with_slip(reference, 1.0 if traded > 0.0 else -1.0, slip)
    return price, commission_of(traded, price, settings), abs(traded) * abs(price - reference)


@inlined
def trade(account: Any, t: Any, units: Any, reference: Any, slip: Any, why: Any) -> Any:
    """Go from the units held to `units` at bar t, at `reference` moved by `slip`, and write the fill down."""
    state = account.state
    held = state[UNITS]
    paid = paid_for(held, units, reference, slip, account.settings)
    state[CASH] -= (units - held) * paid[0] + paid[1]
    state[UNITS] = units
    note_fill(account, t, held, units, paid, why)


@inlined
def accrued(cash: Any, value: Any, settings: Any, years: Any) -> Any:
    """What time costs and pays on `cash` and a position worth `value`: (borrowing fee, interest received)."""
    fee = -value * settings[BORROW] * years if value < 0.0 else 0.0
    free = cash - fee + min(value, 0.0)
    if free >= 0.0 or -free > ROUNDING_DEBT * abs(value):
        return fee, free * (settings[CASH_INTEREST] if free > 0.0 else settings[MARGIN_INTEREST]) * years
    return fee, 0.0


@inlined
def accrue(state: Any, settings: Any, years: Any) -> Any:
    """Charge and pay for the time since the last close: borrowing of units sold short, interest on cash or margin.

    Cash that came from selling short earns nothing: interest is on what is left after the shorts at the last close.
    """
    fee, earned = accrued(state[CASH], state[UNITS] * state[LAST_CLOSE], settings, years)
    state[BORROWING] += fee
    state[INTEREST] += earned
    state[CASH] = state[CASH] - fee + earned


@inlined
def split_and_pay(state: Any, ratio: Any, dividend: Any) -> Any:
    """Before the open: `ratio` new units for each old one; then `dividend` per new unit, which a short pays."""
    if ratio != 1.0:
        state[UNITS] *= ratio
        state[ENTRY_PRICE] /= ratio
        state[BEST] /= ratio
        state[LAST_CLOSE] /= ratio
    if dividend != 0.0:
        paid = state[UNITS] * dividend
        state[CASH] += paid
        state[DIVIDENDS] += paid


@inlined
def exit_levels(units: Any, entry: Any, best: Any, settings: Any) -> Any:
    """The stop, the target and whether the trailing stop is the nearer one, for a position entered at `entry`."""
    side = 1.0 if units > 0.0 else -1.0
    fixed = entry * (1.0 - side * settings[STOP])
    trailing = best * (1.0 - side * settings[TRAIL])
    trails = side * trailing > side * fixed
    return trailing if trails else fixed, entry * (1.0 + side * settings[TAKE]), trails


@inlined
def exit_inside_bar(account: Any, t: Any, bars: Any, entered: Any) -> Any:
    """Close the position at its stop or target when the bar reaches one; True when it did.

    `entered` says that the position was opened at this bar's open, which then is no gap through its target. Its stop
    may lie beyond the open all the same, when slippage is wider than the stop is distant: then it goes at the open.
    """
    state, settings = account.state, account.settings
    long = state[UNITS] > 0.0
    stop, target, trails = exit_levels(state[UNITS], state[ENTRY_PRICE], state[BEST], settings)
    first, high, low = bars[0, t], bars[1, t], bars[2, t]
    if (first <= stop) if long else (first >= stop):
        trade(account, t, 0.0, first, settings[SLIP], TRAILED if trails else STOPPED)
        return True
    gained = not entered and ((first >= target) if long else (first <= target))
    stopped = not gained and ((low <= stop) if long else (high >= stop))
    taken = gained or ((high > target) if long else (low < target))
    if stopped and taken:
        state[AMBIGUOUS] += 1.0
    if stopped:
        trade(account, t, 0.0, stop, settings[SLIP], TRAILED if trails else STOPPED)
        return True
    if taken:
        trade(account, t, 0.0, first if gained else target, 0.0, TAKEN)
        return True
    return False


@inlined
def follow_best(state: Any, bars: Any, t: Any) -> Any:
    """Remember the best price of the bar for the trailing stop of the bars after it."""
    if state[UNITS] > 0.0:
        state[BEST] = max(state[BEST], bars[1, t])
    elif state[UNITS] < 0.0:
        state[BEST] = min(state[BEST], bars[2, t])
