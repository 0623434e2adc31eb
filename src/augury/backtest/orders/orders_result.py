"""The result of orders: what every result has, and what became of each order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from augury.backtest.orders.order import Order, OrderOutcome
from augury.backtest.orders.orders_layout import KINDS
from augury.backtest.result import BacktestResult
from augury.market.bars import time_index
from augury.report import CheckTable, Story

__all__ = ["OrdersResult"]

_ASKED = ("side", "units", "target", "kind", "limit_price", "stop_price", "group")
_STATUSES = ("filled", "partly_filled", "waiting", "expired", "cancelled", "rejected")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OrdersResult(BacktestResult):
    """A `BacktestResult` of orders. `outcomes` says what became of each of the `submitted`, in the order given."""

    submitted: tuple[Order, ...]
    outcomes: tuple[OrderOutcome, ...]

    def __post_init__(self) -> None:
        BacktestResult.__post_init__(self)
        counted = Counter(outcome.status for outcome in self.outcomes)
        missed = [f"{counted[status]} {status}" for status in ("rejected", "expired") if counted[status]]
        if missed:
            said = f"Of {len(self.outcomes):,} orders not all filled: {', '.join(missed)}; `orders` says why."
            object.__setattr__(self, "notes", (*self.notes, said))

    @property
    def orders(self) -> pd.DataFrame:
        """A row an order: what was asked at the close of which bar, and what became of it.

        Times are opens of bars; `filled_units` are below 0 where sold; missing values are NaN, None and NaT.
        """
        asked = {name: [getattr(order, name) for order in self.submitted] for name in _ASKED}
        numbers = {name: np.array(asked[name], dtype=np.float64) for name in _ASKED if name not in ("side", "kind")}
        done = self.outcomes
        return pd.DataFrame(
            {
                "submitted": self._times([order.bar for order in self.submitted]),
                **asked,
                **numbers,
                "status": [outcome.status for outcome in done],
                "reason": [outcome.reason for outcome in done],
                "filled_units": np.array([outcome.units for outcome in done], dtype=np.float64),
                "average_price": np.array([outcome.average_price for outcome in done], dtype=np.float64),
                "commission": np.array([outcome.commission for outcome in done], dtype=np.float64),
                "first_fill": self._times([outcome.first_bar for outcome in done]),
                "last_fill": self._times([outcome.last_bar for outcome in done]),
            }
        )

    def _times(self, bars: list[Any]) -> pd.DatetimeIndex:
        """The opens of bars, NaT for None."""
        known = [-1 if bar is None else int(bar) for bar in bars]
        opens = np.append(self.run.bars.opened_at, np.iinfo(np.int64).min)  # the last stands for NaT
        return time_index(opens[np.array(known, dtype=np.int64)])

    def to_dict(self) -> dict[str, Any]:
        """As of every result, with the orders."""
        rows = [
            {str(name): _plain(value) for name, value in row.items()} for row in self.orders.to_dict(orient="records")
        ]
        return {**BacktestResult.to_dict(self), "orders": rows}

    def story(self) -> Story:
        """As of every result, with a table of what became of the orders."""
        told = BacktestResult.story(self)
        ends: Counter[tuple[str, str]] = Counter()
        ends.update((one.kind, end.status) for one, end in zip(self.submitted, self.outcomes, strict=True))
        rows: list[tuple[float | str | None, ...]] = [
            (kind.replace("_", "-"), *(float(ends[kind, status]) for status in _STATUSES))
            for kind in KINDS
            if any(ends[kind, status] for status in _STATUSES)
        ]
        if not rows:
            return told
        table = CheckTable(
            title="What became of the orders",
            columns=("kind", *(status.replace("_", " ") for status in _STATUSES)),
            rows=tuple(rows),
            units=("", *("count",) * len(_STATUSES)),
        )
        return replace(told, checks=(*told.checks, table))


def _plain(value: Any) -> Any:
    """A time as text, None for what is missing."""
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
