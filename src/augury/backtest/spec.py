"""Options of a backtest: how orders fill, what they cost, when positions are closed, and what may be borrowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import msgspec

from augury.errors import InvalidInput
from augury.spec import Spec

__all__ = ["BacktestSpec", "CostSpec", "ExitSpec", "Fill"]

Fill: TypeAlias = Literal["next_open", "next_close", "next_typical", "same_close"]

Rate = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Distance = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSpec(Spec):
    """What trading and holding cost. Rates are fractions; those by the year accrue on calendar days over 360.

    A fill at reference price P happens at P * (1 + side * (slippage_rate + half_spread_rate)); limit fills at their
    price. The commission of an order is max(minimum_commission, rate * notional + per_unit * units).
    """

    commission_rate: Rate = 0.001
    commission_per_unit: Annotated[float, msgspec.Meta(ge=0.0, le=1e18)] = 0.0
    minimum_commission: Annotated[float, msgspec.Meta(ge=0.0, le=1e18)] = 0.0
    slippage_rate: Rate = 0.0005
    half_spread_rate: Rate = 0.0
    borrow_rate: Rate = 0.005
    cash_interest_rate: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] = 0.0
    margin_interest_rate: Rate = 0.06

    def check(self) -> None:
        """A sale must bring something in."""
        if self.slippage_rate + self.half_spread_rate + self.commission_rate >= 1.0:
            raise InvalidInput(
                "slippage_rate + half_spread_rate + commission_rate should be below 1 (they are fractions: 10 basis "
                f"points are 0.001), got {self.slippage_rate + self.half_spread_rate + self.commission_rate:g}"
            )

    def scaled(self, factor: float) -> CostSpec | None:
        """The same with every cost of trading multiplied; costs of holding stay. None beyond what a cost may be."""
        try:
            return self.replace(
                commission_rate=self.commission_rate * factor,
                commission_per_unit=self.commission_per_unit * factor,
                minimum_commission=self.minimum_commission * factor,
                slippage_rate=self.slippage_rate * factor,
                half_spread_rate=self.half_spread_rate * factor,
            )
        except InvalidInput:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitSpec(Spec):
    """Exits inside a bar, as fractions of the average entry price, and a time limit; None switches one off.

    They are active from the entry's own bar on. Inside a bar the path is taken pessimistically: an open beyond a level
    fills at the open; when both the stop and the target lie within the bar the stop comes first; the trailing stop
    follows the best price of earlier bars only. Stops pay slippage; a target fills at its price, and only when the bar
    trades through it. These exits are not held up by the volume limit. After one the position stays flat until the
    strategy asks for another one.
    """

    stop_loss: Distance | None = None
    take_profit: Annotated[float, msgspec.Meta(gt=0.0)] | None = None
    trailing_stop: Distance | None = None
    maximum_holding_bars: Annotated[int, msgspec.Meta(ge=1)] | None = None

    @property
    def any(self) -> bool:
        """Whether any exit is set."""
        return any(getattr(self, name) is not None for name in self.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestSpec(Spec):
    """How a backtest is run.

    `fill`: a position decided at the close of bar t is taken at the open of t+1 (`next_open`), at its close, at its
    typical price (O+H+L+C)/4, or at the close of bar t itself: `same_close` assumes that an order can be placed on a
    price before it is known, so the result says so. `delay_bars` waits longer by so many bars.
    Orders arise when the target changes; between changes units stay and the weight drifts, until it is
    `rebalance_drift` away from the target (None: never). `leverage` caps the gross exposure when an order is filled.
    `maintenance_margin` is the least equity per value held on margin or short: below it the position is cut to the cap
    at the next open (with more leverage than 1 / maintenance_margin at every bar: set it lower). `volume_limit` is the
    largest share of a bar's volume that one fill may take; the rest waits for the next bar or, with `carry_unfilled`
    off, is dropped. `periods_per_year` annualises; None finds it from the bars.
    """

    initial_cash: Annotated[float, msgspec.Meta(gt=0.0, le=1e18)] = 10_000.0
    fill: Fill = "next_open"
    delay_bars: Annotated[int, msgspec.Meta(ge=0)] = 0
    costs: CostSpec = field(default_factory=CostSpec)
    exits: ExitSpec = field(default_factory=ExitSpec)
    leverage: Annotated[float, msgspec.Meta(ge=0.01, le=100.0)] = 1.0
    maintenance_margin: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.3
    allow_short: bool = True
    whole_units: bool = False
    volume_limit: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] | None = None
    carry_unfilled: bool = True
    rebalance_drift: Annotated[float, msgspec.Meta(ge=0.0)] | None = None
    periods_per_year: Annotated[float, msgspec.Meta(ge=0.001, le=1e12)] | None = None
