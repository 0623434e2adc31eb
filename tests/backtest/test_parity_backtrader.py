"""Trades and equity equal to backtrader's under its fill rules, on real bars.

Rules that differ, and how they are matched:

- backtrader keeps slippage within the bar's high and low unless `slip_out` is on; ours is not kept: `slip_out=True`.
- It refuses a fill that gaps past the cash; orders here are small.
- It watches the stop and the limit of a bracket from the bar after the entry's fill on, we attached exits from the fill
  on: here both legs are single orders of one group, submitted one bar later on our side.
- Both legs reached in one bar: its stop was submitted first and fills; ours is the leg that is worse by the close.
- It takes a limit that is touched, we one that is traded through: the levels are prices that no bar meets exactly.
- A limit order slips in its model as well: slippage is 0 where there are limits.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from augury.backtest import BacktestSpec, CostSpec, EngineRun
from augury.backtest.orders.order import Order
from augury.backtest.orders.order_engine import run_order_engine
from augury.market.bars import BarArrays, bars_frame

CASH = 1_000_000.0
UNITS = 100
COSTS = CostSpec(commission_rate=0.001, slippage_rate=0.0005, borrow_rate=0.0, margin_interest_rate=0.0)


@pytest.fixture(scope="module")
def peer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("backtrader", reason="backtrader is not installed: parity with it is not checked")


def peers_result(
    peer: Any, bars: BarArrays, slip: float, act: Callable[[Any, int], None]
) -> tuple[np.ndarray, list[Any]]:
    """(account value at each close, executions as (bar, units, price, commission)) of a strategy that calls `act`."""
    values = np.full(len(bars), np.nan)
    done: list[Any] = []

    class Acting(peer.Strategy):  # type: ignore[misc, name-defined]
        def next(self) -> None:
            t = len(self) - 1
            values[t] = self.broker.getvalue()
            act(self, t)

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                done.append((len(self) - 1, order.executed.size, order.executed.price, order.executed.comm))

    frame = bars_frame(bars.opened_at, bars.matrix)
    frame.index = frame.index.tz_localize(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine = peer.Cerebro(stdstats=False)
        engine.adddata(peer.feeds.PandasData(dataname=frame))
        engine.addstrategy(Acting)
        engine.broker.setcash(CASH)
        engine.broker.setcommission(commission=0.001)
        if slip:
            engine.broker.set_slippage_perc(slip, slip_open=True, slip_match=True, slip_out=True)
        engine.run()
    return values, done


def compare(run: EngineRun, values: np.ndarray, done: list[Any]) -> None:
    assert len(done) > 60
    np.testing.assert_array_equal(run.fills[:, :2], np.array(done)[:, :2])
    np.testing.assert_allclose(run.fills[:, 2:4], np.array(done)[:, 2:4], rtol=1e-9)
    np.testing.assert_allclose(run.equity, values, rtol=1e-9)


@pytest.mark.parametrize("ticker", ["AAPL", "IBM", "MSFT"])
def test_long_and_short_orders_at_the_next_open_equal_those_of_backtrader(
    peer: Any, real_bars: dict[str, BarArrays], crossings: Callable[..., Any], ticker: str
) -> None:
    bars = real_bars[ticker]
    up, down = crossings(bars, 8, 21)
    change = {
        int(t): (UNITS if up[t] else -UNITS) * (1 if i == 0 else 2) for i, t in enumerate(np.flatnonzero(up | down))
    }

    def act(strategy: Any, t: int) -> None:
        if t in change:
            (strategy.buy if change[t] > 0 else strategy.sell)(size=abs(change[t]))

    values, done = peers_result(peer, bars, 0.0005, act)
    orders = [Order(bar=t, side="buy" if units > 0 else "sell", units=abs(units)) for t, units in change.items()]
    compare(run_order_engine(bars, orders, BacktestSpec(initial_cash=CASH, costs=COSTS)).run, values, done)


@pytest.mark.parametrize("ticker", ["AAPL", "IBM", "MSFT"])
def test_brackets_of_stop_and_limit_equal_those_of_backtrader(
    peer: Any, real_bars: dict[str, BarArrays], crossings: Callable[..., Any], ticker: str
) -> None:
    bars = real_bars[ticker]
    up, down = crossings(bars, 5, 13)
    brackets: dict[int, tuple[int, float, float]] = {}
    free = 0
    for t in np.flatnonzero(up | down):
        side, close, rest = (1 if up[t] else -1), float(bars.matrix[3, t]), bars.matrix[:, t + 2 :]
        stop, take = close * (1.0 - side * 0.030001), close * (1.0 + side * 0.040001)
        hit = (rest[2] <= stop) | (rest[1] > take) if side > 0 else (rest[1] >= stop) | (rest[2] < take)
        if t >= free and hit.any():
            brackets[int(t)] = (side, stop, take)
            free = int(t) + 4 + int(np.argmax(hit))

    def act(strategy: Any, t: int) -> None:
        if t in brackets:
            side, stop, take = brackets[t]
            place = strategy.buy_bracket if side > 0 else strategy.sell_bracket
            place(size=UNITS, exectype=peer.Order.Market, stopprice=stop, limitprice=take)

    values, done = peers_result(peer, bars, 0.0, act)
    orders = []
    for t, (side, stop, take) in brackets.items():
        into, out = ("buy", "sell") if side > 0 else ("sell", "buy")
        leg = {"bar": t + 1, "side": out, "units": UNITS, "group": t}
        orders.append(Order(bar=t, side=into, units=UNITS))  # type: ignore[arg-type]
        orders.append(Order(**leg, kind="stop", stop_price=stop))  # type: ignore[arg-type]
        orders.append(Order(**leg, kind="limit", limit_price=take))  # type: ignore[arg-type]
    spec = BacktestSpec(initial_cash=CASH, costs=COSTS.replace(slippage_rate=0.0))
    result = run_order_engine(bars, orders, spec)
    compare(result.run, values, done)
    filled = [order.kind for order, o in zip(orders, result.outcomes, strict=True) if o.status == "filled"]
    assert filled.count("stop") > 10
    assert filled.count("limit") > 10
