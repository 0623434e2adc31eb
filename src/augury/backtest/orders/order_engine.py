"""The engine for single orders over one instrument's bars, through the same account as targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from augury.arrays import FloatMatrix
from augury.backtest.account import layout
from augury.backtest.account.engine import EngineRun, checked_actions, years_between
from augury.backtest.account.layout import FILL_COLUMNS, Book, Market, new_state, settings_vector
from augury.backtest.orders import orders_layout as at
from augury.backtest.orders.order import Order, OrderOutcome, OrderStatus
from augury.backtest.orders.order_kernel import run_orders_kernel
from augury.backtest.orders.orders_layout import Desk
from augury.backtest.spec import BacktestSpec
from augury.errors import InvalidInput
from augury.market.bars import BarArrays

__all__ = ["OrdersRun", "run_order_engine"]

_FIRST_ROOM = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersRun:
    """The engine's run (its `targets` are NaN: orders have none) and the outcome of each order, in the order given."""

    run: EngineRun
    outcomes: tuple[OrderOutcome, ...]


def run_order_engine(
    bars: BarArrays, orders: Sequence[Order], spec: BacktestSpec, *, actions: FloatMatrix | None = None
) -> OrdersRun:
    """Run orders through the account, as `run_orders` says it: the bare run of the engine and what became of each.

    InvalidInput for orders outside the bars and options that do not go with orders.
    """
    n = len(bars)
    _check(orders, spec, n)
    rows = np.array([_row(order, spec) for order in orders]).reshape(-1, at.ORDER_COLUMNS)
    sequence = np.argsort(rows[:, at.ACTIVE], kind="stable")
    outcomes = np.zeros((len(rows), at.OUTCOME_COLUMNS))
    outcomes[:, at.FIRST_BAR] = outcomes[:, at.LAST_BAR] = -1.0
    memory = np.zeros(at.DESK)
    memory[at.SHORTS] = float(spec.allow_short)
    entering = np.full(n, np.nan)
    bars_entered = rows[:, at.ACTIVE].astype(np.int64)
    entering[bars_entered[bars_entered < n]] = 1.0
    desk = Desk(np.ascontiguousarray(rows[sequence]), outcomes, np.zeros(len(rows), dtype=np.int64), memory, entering)
    actions = checked_actions(actions, n)
    market = Market(bars.matrix, years_between(bars), actions)
    state, settings = new_state(spec.initial_cash), settings_vector(spec)
    equity, fills, start = np.empty(n), np.empty((_FIRST_ROOM + 2 * len(rows), FILL_COLUMNS)), 0
    while True:
        start = run_orders_kernel(market, settings, state, Book(equity, fills), desk, start)
        if start == n:
            break
        fills = np.vstack([fills, np.empty_like(fills)])
    run = EngineRun(
        bars=bars,
        spec=spec,
        ordered=np.full(n, np.nan),
        equity=equity,
        fills=np.ascontiguousarray(fills[: int(state[layout.FILLED])]),
        state=state,
        actions=actions,
    )
    told = {int(place): _outcome(outcomes[i]) for i, place in enumerate(sequence)}
    return OrdersRun(run=run, outcomes=tuple(told[i] for i in range(len(rows))))


def _check(orders: Sequence[Order], spec: BacktestSpec, n: int) -> None:
    if spec.fill != "next_open":
        raise InvalidInput(f"orders fill from the next open on; got fill {spec.fill!r}")
    if spec.rebalance_drift is not None:
        raise InvalidInput(f"orders keep no weight to rebalance to; got rebalance_drift {spec.rebalance_drift:g}")
    for i, order in enumerate(orders):
        if order.bar >= n:
            raise InvalidInput(f"order {i} is submitted at bar {order.bar}; the bars are 0 to {n - 1}")
        if spec.whole_units and order.units is not None and order.units != round(order.units):
            raise InvalidInput(f"order {i} is for {order.units:g} units; `whole_units` is on")
        low = -spec.leverage if spec.allow_short else 0.0
        if order.target is not None and not low <= order.target <= spec.leverage:
            raise InvalidInput(f"order {i} has target {order.target:g}; it should lie in [{low:g}, {spec.leverage:g}]")


def _row(order: Order, spec: BacktestSpec) -> list[float]:
    """The order as the kernel reads it."""

    def number(value: float | None, missing: float = np.nan) -> float:
        return missing if value is None else float(value)

    first = order.bar + 1 + spec.delay_bars
    row = [0.0] * at.ORDER_COLUMNS
    row[at.ACTIVE] = float(first)
    row[at.EXPIRES] = np.inf if order.good_for_bars is None else float(first + order.good_for_bars - 1)
    row[at.KIND] = float(at.KINDS.index(order.kind))
    row[at.SIGNED] = number(order.units) * (-1.0 if order.side == "sell" else 1.0)
    row[at.WEIGHT] = number(order.target)
    row[at.LIMIT_PRICE], row[at.STOP_PRICE] = number(order.limit_price), number(order.stop_price)
    row[at.GROUP] = number(order.group, -1.0)
    row[at.LOSS : at.HOLDING + 1] = [np.nan] * 4
    if order.exits is not None:
        row[at.GUARDS], row[at.AS_PRICES] = 1.0, float(order.exits.as_prices)
        row[at.LOSS], row[at.GAIN] = number(order.exits.stop_loss), number(order.exits.take_profit)
        row[at.TRAILING] = number(order.exits.trailing_stop)
        row[at.HOLDING] = number(order.exits.maximum_holding_bars)
    return row


def _outcome(row: Any) -> OrderOutcome:
    status, units = at.STATUSES[int(row[at.STATUS])], float(row[at.DONE_UNITS])
    reason = at.OUTCOME_REASONS[int(row[at.REASON])]
    if status == "waiting":
        status, reason = ("partly_filled" if units else "waiting"), "bars_ended"
    traded = row[at.FIRST_BAR] >= 0.0
    return OrderOutcome(
        status=cast(OrderStatus, status),
        reason=reason,
        units=units,
        average_price=float(row[at.DONE_VALUE] / units) if traded else None,
        commission=float(row[at.DONE_FEES]),
        first_bar=int(row[at.FIRST_BAR]) if traded else None,
        last_bar=int(row[at.LAST_BAR]) if traded else None,
    )
