"""Whether a bar reaches an order, and at which price: limits only when traded through, stops at the worse price."""

from __future__ import annotations

from typing import Any

from augury.backtest.orders.orders_layout import (
    KIND,
    LIMIT,
    LIMIT_PRICE,
    MARKET,
    SIGNED,
    STOP_LIMIT,
    STOP_ORDER,
    STOP_PRICE,
)
from augury.numerics.compile import inlined

__all__ = ["side_of", "touched_at_open", "touched_inside", "trips_inside"]


@inlined
def side_of(order: Any) -> Any:
    """1 to buy, -1 to sell; of no meaning for a target order."""
    return 1.0 if order[SIGNED] > 0.0 else -1.0


@inlined
def _capped(order: Any, side: Any, reference: Any, slip: Any) -> Any:
    """Price of a stop-limit order that trips at `reference`: slipped, but not beyond its limit."""
    return side * min(side * reference * (1.0 + side * slip), side * order[LIMIT_PRICE])


@inlined
def touched_at_open(order: Any, tripped: Any, first: Any, slip: Any) -> Any:
    """(whether the order fills at the open, reference price, slip)."""
    kind, side = order[KIND], side_of(order)
    if kind == MARKET or (kind == STOP_ORDER and tripped):
        return True, first, slip
    if kind == LIMIT or (kind == STOP_LIMIT and tripped):
        return side * first < side * order[LIMIT_PRICE], first, 0.0
    gapped = side * first >= side * order[STOP_PRICE]
    if kind == STOP_ORDER:
        return gapped, first, slip
    return gapped and side * first < side * order[LIMIT_PRICE], _capped(order, side, first, slip), 0.0


@inlined
def trips_inside(order: Any, bar: Any) -> Any:
    """Whether the bar reaches the stop price of a stop or stop-limit order, at its open or later."""
    side = side_of(order)
    return side * (bar[1] if side > 0.0 else bar[2]) >= side * order[STOP_PRICE]


@inlined
def touched_inside(order: Any, tripped: Any, bar: Any, slip: Any) -> Any:
    """(whether the order fills inside the bar, reference price, slip), the open having passed without a fill.

    A stop-limit order that trips inside fills at once when its limit lies beyond its stop; when it does not, the bar
    may have visited the limit before the stop, so it waits for the next bar. What is left of a stop order that tripped
    before is a market order.
    """
    kind, side = order[KIND], side_of(order)
    if kind == LIMIT or (kind == STOP_LIMIT and tripped):
        reached = bar[2] if side > 0.0 else bar[1]
        return side * reached < side * order[LIMIT_PRICE], order[LIMIT_PRICE], 0.0
    if kind == STOP_ORDER:
        return not tripped and trips_inside(order, bar), order[STOP_PRICE], slip
    if kind == STOP_LIMIT:
        fills = trips_inside(order, bar) and side * order[STOP_PRICE] < side * order[LIMIT_PRICE]
        return fills, _capped(order, side, order[STOP_PRICE], slip), 0.0
    return False, bar[0], 0.0
