"""The door for orders: single orders in, a result with their outcomes, measures, trades and reports out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augury.arrays import FloatMatrix
from augury.backtest.account.engine import EngineRun
from augury.backtest.account.trades import trades_of
from augury.backtest.orders.order import Order
from augury.backtest.orders.order_engine import run_order_engine
from augury.backtest.orders.orders_result import OrdersResult
from augury.backtest.run import metrics_of
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import arrays_of, given_subject
from augury.market.bars import BarArrays

__all__ = ["run_orders"]

_DEFAULT = BacktestSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class _GivenOrders:
    """Orders that can be run again, later or under other costs."""

    orders: tuple[Order, ...]
    content: str
    name: str = "orders"

    def run(self, bars: BarArrays, spec: BacktestSpec, actions: FloatMatrix) -> EngineRun:
        """The orders on these bars."""
        return run_order_engine(bars, self.orders, spec, actions=actions).run


def run_orders(
    bars: Any,
    orders: Sequence[Order],
    spec: BacktestSpec | None = None,
    *,
    actions: FloatMatrix | None = None,
    symbol: str = "",
) -> OrdersResult:
    """Run orders through the account: what became of each, curve, trades, costs and measures.

    `bars` is a frame (see `validate_bars`) or BarArrays; `actions` as in `run_backtest`. The orders are given, so no
    permutation test can make them on other bars; `prove` makes every other test, later orders and dearer ones among
    them. `run_order_engine` is the bare run.

    When they fill. A market order: at the next open, with slippage. A limit order: at the open when that is better than
    the limit, else at the limit when the bar trades through it (a touch is not enough), without slippage. A stop order:
    at the open when that lies beyond the stop, else at the stop when it is touched, with slippage. A stop-limit order
    turns into a limit order when its stop is touched; in that same bar it fills at its stop, with slippage up to the
    limit, if the limit lies beyond the stop, and otherwise waits.

    Within a bar, to the trader's disadvantage: everything at the open first, in the order of submission; then what
    opens, enlarges or cuts losses; then the position's stop; then limit orders that take profit; then its target. What
    was opened or enlarged inside the bar may be stopped in it but not reach its target. Of orders of one group that are
    touched in one bar the one fills that is worse by the close. After an exit nothing else fills in that bar. Bars
    where this rule decided are counted (state AMBIGUOUS).

    An order beyond buying power (`leverage` times the equity after costs) is rejected; one that makes the position
    smaller never is. `volume_limit` is shared by all orders of a bar; exits do not wait for volume. A split restates
    the prices and units of what waits. `delay_bars` applies; `fill` must be next_open and `rebalance_drift` None.

    InvalidInput for orders outside the bars and options that do not go with orders.

    >>> from augury.sample import load_sample
    >>> order = Order(bar=9, side="buy", units=10, kind="limit", limit_price=100.0, good_for_bars=5)
    >>> result = run_orders(load_sample().bars["IBM"], [order])
    >>> result.outcomes[0].status, len(result.trades)
    ('expired', 0)
    """
    spec = _DEFAULT if spec is None else spec
    arrays, submitted = arrays_of(bars), tuple(orders)
    content = hashlib.sha256(repr(submitted).encode()).hexdigest()
    given = _GivenOrders(orders=submitted, content=content)
    subject = given_subject(given, arrays, spec, symbol, actions)
    done = run_order_engine(arrays, submitted, spec, actions=actions)
    trades = trades_of(done.run)
    return OrdersResult(
        subject=subject,
        run=done.run,
        trade_list=trades,
        metrics=metrics_of(subject, done.run, trades),
        submitted=submitted,
        outcomes=done.outcomes,
    )
