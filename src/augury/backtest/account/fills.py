"""The arithmetic of a fill: the one place where an order turns into units, cash and costs, for every door."""

from __future__ import annotations

import math
from typing import Any

from augury.backtest.account.layout import LEVERAGE, MINIMUM, PER_UNIT, RATE, SLIP, WHOLE
from augury.numerics.compile import inlined

__all__ = ["UNITS_ROUNDING", "WEIGHT_ROUNDING", "commission_of", "price_with_slip", "units_for_target"]

WEIGHT_ROUNDING = 1e-9
"""A weight this near to its target is on it: what is left is rounding, and no order comes of it."""
UNITS_ROUNDING = 1e-12
"""What is left of a position below this share of it is a rounding error: nothing is held."""


@inlined
def price_with_slip(reference: Any, side: Any, slip: Any) -> Any:
    """Price of a fill: the reference, moved against the trader."""
    return reference * (1.0 + side * slip)


@inlined
def commission_of(units: Any, price: Any, settings: Any) -> Any:
    """Commission in money for trading `units` (of either sign) at `price`."""
    size = abs(units)
    return max(settings[MINIMUM], size * price * settings[RATE] + size * settings[PER_UNIT])


@inlined
def _after_costs(weight: Any, equity: Any, held: Any, price: Any, side: Any, settings: Any) -> Any:
    """Units such that their value at `price` is `weight` times the equity left after the trade's own costs.

    With equity e valued at the fill price, c costs per value traded and side s: q p = w (e - s (q - u) p c), solved for
    q; when the minimum commission m binds: q p = w (e - m).
    """
    per_value = settings[RATE] + settings[PER_UNIT] / price
    left = 1.0 + side * weight * per_value
    if left <= 0.0:  # at such leverage and costs a smaller position loses more equity than it frees
        return held
    units = weight * (equity + side * held * price * per_value) / (price * left)
    if abs(units - held) * price * per_value < settings[MINIMUM]:
        units = weight * (equity - settings[MINIMUM]) / price
    return units


@inlined
def units_for_target(weight: Any, cash: Any, held: Any, reference: Any, settings: Any) -> Any:
    """Units to hold for a target weight of equity, costs of getting there included; `held` when no trade is due.

    A weight of 1 spends all cash and not more. The weight is cut to the leverage cap; whole units round towards zero.
    No trade comes about when equity is gone or the change is smaller than its own costs.
    """
    cap = settings[LEVERAGE]
    weight = min(max(weight, -cap), cap)
    if weight == 0.0:
        return 0.0
    side = 1.0 if weight * (cash + held * reference) > held * reference else -1.0
    price = price_with_slip(reference, side, settings[SLIP])
    equity = cash + held * price
    if equity <= 0.0:
        return held
    units = _after_costs(weight, equity, held, price, side, settings)
    if settings[WHOLE] != 0.0:
        units = math.floor(units) if units > 0.0 else math.ceil(units)
    if not (units - held) * side > 0.0 or units * weight < 0.0:
        return held
    return units
