"""Splits, dividends and delistings of a panel's symbols, each from a moment on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.backtest.portfolio.portfolio_layout import (
    ACTION_BAR,
    ACTION_COLUMNS,
    ACTION_DIVIDEND,
    ACTION_GONE,
    ACTION_PRICE,
    ACTION_RATIO,
    ACTION_SYMBOL,
)
from augury.errors import InvalidInput, NotFound, nearest
from augury.market.times import Moment, instant

__all__ = ["PanelAction", "action_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAction:
    """What happens to the units of `symbol` before the open of the first bar that opens at or after `at`.

    `split_ratio` new units for each old one; then `dividend` per (new) unit, paid by a short. With `delisted` every
    unit is closed at `price`, or at its last close when None, less the portfolio's `delisting_cost_rate` and the usual
    commission, and the symbol cannot be traded any more.
    """

    symbol: str
    at: Moment
    split_ratio: float = 1.0
    dividend: float = 0.0
    delisted: bool = False
    price: float | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.split_ratio) and self.split_ratio > 0.0):
            raise InvalidInput(
                f"{self.symbol}: split_ratio should be above 0 (2 for two for one), got {self.split_ratio}"
            )
        if not (np.isfinite(self.dividend) and self.dividend >= 0.0):
            raise InvalidInput(f"{self.symbol}: dividend should be at least 0, got {self.dividend}")
        if self.price is not None and not (self.delisted and np.isfinite(self.price) and self.price >= 0.0):
            raise InvalidInput(
                f"{self.symbol}: price should be at least 0 and come with delisted=True, got {self.price}"
            )


def action_rows(
    actions: Sequence[PanelAction],
    symbols: Sequence[str],
    opened_at: IntVector,
    ended: Mapping[str, int] | None = None,
) -> FloatMatrix:
    """The actions as kernels read them, float64[e, ACTION_COLUMNS], by bar; those after the last bar are left out.

    `ended` gives the bar at which symbols without a delisting of their own are delisted at their last close.
    """
    rows = []
    own = set()
    for action in actions:
        if action.symbol not in symbols:
            raise NotFound(
                f"an action names {action.symbol!r}, which the panel lacks; {nearest(action.symbol, symbols)}"
            )
        bar = int(np.searchsorted(opened_at, instant(action.at, what="at")))
        if action.delisted:
            own.add(action.symbol)
        if bar < opened_at.size:
            row = np.zeros(ACTION_COLUMNS)
            row[ACTION_BAR], row[ACTION_SYMBOL] = bar, list(symbols).index(action.symbol)
            row[ACTION_RATIO], row[ACTION_DIVIDEND] = action.split_ratio, action.dividend
            row[ACTION_GONE] = float(action.delisted)
            row[ACTION_PRICE] = np.nan if action.price is None else action.price
            rows.append(row)
    for symbol, bar in (ended or {}).items():
        if symbol not in own:
            row = np.array([bar, list(symbols).index(symbol), 1.0, 0.0, 1.0, np.nan])
            rows.append(row)
    rows.sort(key=lambda row: (row[ACTION_BAR], row[ACTION_GONE]))
    return np.array(rows).reshape(-1, ACTION_COLUMNS)
