"""Orders as a user writes them: market, limit, stop and stop-limit, with attached exits, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from augury.backtest.orders.orders_layout import KINDS
from augury.errors import InvalidInput, nearest

__all__ = ["AttachedExits", "Order", "OrderKind", "OrderOutcome", "OrderStatus", "Side"]

OrderKind: TypeAlias = Literal["market", "limit", "stop", "stop_limit"]
Side: TypeAlias = Literal["buy", "sell"]
OrderStatus: TypeAlias = Literal["waiting", "filled", "partly_filled", "expired", "cancelled", "rejected"]


def _require_positive(value: float | None, what: str) -> None:
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if value is not None and not (number and np.isfinite(value) and value > 0.0):
        raise InvalidInput(f"{what} should be a number above 0, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedExits:
    """Exits that guard the position from the fill of their order on; None switches one off.

    As fractions of the average entry price, or with `as_prices` as prices (`trailing_stop` then is a distance in
    money). The exits of the last order that opened or enlarged the position guard all of it.
    """

    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    maximum_holding_bars: int | None = None
    as_prices: bool = False

    def __post_init__(self) -> None:
        for name in ("stop_loss", "take_profit", "trailing_stop"):
            _require_positive(getattr(self, name), name)
        for name in ("stop_loss", "trailing_stop"):
            value = getattr(self, name)
            if not self.as_prices and value is not None and value >= 1.0:
                raise InvalidInput(f"{name} is a fraction below 1 of the entry price, got {value:g}; see `as_prices`")
        bars = self.maximum_holding_bars
        if bars is not None and (isinstance(bars, bool) or not isinstance(bars, int | np.integer) or bars < 1):
            raise InvalidInput(f"maximum_holding_bars should be a whole number above 0, got {bars!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order submitted at the close of bar `bar`; it may fill from the next bar on.

    Either `side` and `units`, or, for a market order, `target`: the fraction of equity to hold. `limit_price` and
    `stop_price` as the kind needs them. It may fill in `good_for_bars` bars (None: until the bars end). When an order
    of a `group` fills, the others of it are cancelled. `exits` None: those of the spec when it opens a position.
    """

    bar: int
    side: Side | None = None
    units: float | None = None
    target: float | None = None
    kind: OrderKind = "market"
    limit_price: float | None = None
    stop_price: float | None = None
    good_for_bars: int | None = None
    group: int | None = None
    exits: AttachedExits | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInput(f"an order has no kind {self.kind!r}; {nearest(str(self.kind), KINDS)}")
        for name in ("units", "limit_price", "stop_price"):
            _require_positive(getattr(self, name), name)
        self._check_size()
        for name, kinds in (("limit_price", ("limit", "stop_limit")), ("stop_price", ("stop", "stop_limit"))):
            if (getattr(self, name) is not None) != (self.kind in kinds):
                need = "needs" if self.kind in kinds else "has no"
                raise InvalidInput(f"a {self.kind} order {need} {name}; got {getattr(self, name)!r}")
        for name, least in (("bar", 0), ("good_for_bars", 1), ("group", 0)):
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not (whole and value >= least) and not (value is None and name != "bar"):
                raise InvalidInput(f"{name} should be a whole number of at least {least}, got {value!r}")

    def _check_size(self) -> None:
        if self.target is None:
            if self.side not in ("buy", "sell") or self.units is None:
                raise InvalidInput(
                    f"an order needs a side ('buy' or 'sell') and units, or a target; got side {self.side!r}, "
                    f"units {self.units!r}"
                )
        elif self.side is not None or self.units is not None or self.kind != "market":
            raise InvalidInput("a target is for market orders and says the side and size; leave out side and units")
        elif not np.isfinite(self.target):
            raise InvalidInput(f"target should be a fraction of equity, got {self.target!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """What became of an order: `units` filled (below 0: sold) at `average_price` from `first_bar` to `last_bar`.

    `reason` says why it is not filled in full: bars_ended, good_for_ended, buying_power, short_not_allowed,
    nothing_to_do, group_filled, volume, delisted, ruined; empty for a full fill. Price and bars are None without one.
    """

    status: OrderStatus
    reason: str
    units: float
    average_price: float | None
    commission: float
    first_bar: int | None
    last_bar: int | None
