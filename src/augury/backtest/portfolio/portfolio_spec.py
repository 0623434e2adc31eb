"""Options of a portfolio: when it is brought back to its weights, how much one name may hold, and the account's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import msgspec

from augury.backtest.spec import BacktestSpec
from augury.errors import InvalidInput
from augury.market.times import time_zone
from augury.spec import Spec

__all__ = ["PortfolioSpec", "RebalanceSpec", "When"]

When: TypeAlias = Literal["on_change", "once", "every_n_bars", "daily", "weekly", "monthly", "threshold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceSpec(Spec):
    """When a portfolio is brought to its target weights. The first weights known are always taken.

    `on_change`: when a target changes, else never. `once`: the first weights are taken and held. `every_n_bars`: at
    bars 0, n, 2n, ... of the panel. `daily`, `weekly` (from Monday), `monthly`: at the first bar of a new period by the
    clock of `zone`, decided at the close before it; with `same_close` fills it is decided at that first bar's close.
    `threshold`: when a target changes, or a weight held is more than `threshold` away from its target; with
    `total_drift` when half the sum of these distances is. A change of the targets includes a symbol's first bar.

    `scope`: an order for every symbol, or, with `affected`, only for those that changed or drifted too far themselves
    (for `on_change` and `threshold`).
    """

    when: When = "on_change"
    every_bars: Annotated[int, msgspec.Meta(ge=1)] | None = None
    threshold: Annotated[float, msgspec.Meta(gt=0.0)] | None = None
    total_drift: bool = False
    scope: Literal["all", "affected"] = "all"
    zone: str = "UTC"

    def check(self) -> None:
        """A number that the rule needs must be there, and no other."""
        for name, rule in (("every_bars", "every_n_bars"), ("threshold", "threshold")):
            given, needed = getattr(self, name) is not None, self.when == rule
            if given != needed:
                raise InvalidInput(
                    f"RebalanceSpec.when = {self.when!r} {'needs' if needed else 'takes no'} {name}; "
                    f"{'give it' if needed else f'leave it out, or use when={rule!r}'}"
                )
        time_zone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSpec(Spec):
    """How a portfolio is run: the account's options (`backtest`) and what only a portfolio has.

    `backtest.leverage` caps the gross exposure of all positions together when orders fill: purchases are scaled down in
    proportion when the account could not carry them after costs. `max_weight` cuts the target of one name, the rest
    stays cash. `cash_buffer` keeps the targets' gross exposure at or below `leverage - cash_buffer`, scaling all of
    them. `sizing`: the weights hold of the equity left after the costs of getting there, or of the equity before them.
    `delisting_cost_rate`: share of its price that a delisted position loses when it is closed. `keep_fills` off drops
    the list of fills, as very long runs need; totals stay. `block_bars`: bars worked on at a time.
    """

    backtest: BacktestSpec = field(default_factory=BacktestSpec)
    rebalance: RebalanceSpec = field(default_factory=RebalanceSpec)
    max_weight: Annotated[float, msgspec.Meta(gt=0.0)] | None = None
    cash_buffer: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.0
    sizing: Literal["after_costs", "before_costs"] = "after_costs"
    delisting_cost_rate: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0
    keep_fills: bool = True
    block_bars: Annotated[int, msgspec.Meta(ge=1)] = 65_536

    def check(self) -> None:
        """The account's own drift rule is not for portfolios, and the buffer must leave something to invest."""
        if self.backtest.rebalance_drift is not None:
            raise InvalidInput(
                f"backtest.rebalance_drift = {self.backtest.rebalance_drift:g} is for a single instrument; use "
                "rebalance=RebalanceSpec(when='threshold', threshold=...)"
            )
        if self.cash_buffer >= self.backtest.leverage:
            raise InvalidInput(
                f"cash_buffer should be below leverage, got {self.cash_buffer:g} and {self.backtest.leverage:g}"
            )
