"""Trades and equity equal to backtesting.py's under its fill rules, on real bars.

Rules that differ, and how they are matched:

- backtesting.py deals in whole units: orders are for whole units on both sides, sized so that cash always suffices.
- It charges the spread at the entry only, we at both ends: the spread is 0, the commission is not.
- Its stop and target prices guard a trade from its own bar on, the stop first, as ours do; it takes a target that is
  touched, we one that is traded through: the levels are prices that no bar meets exactly.
- Adding to a position makes a trade of its own there: positions here are opened, reversed and closed by single orders.
- It stamps a market order of `trade_on_close` one bar early and books it one bar late in equity: next open here.
- It closes what is left at the end at the last open: the last position is closed before.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from augury.backtest import BacktestSpec, CostSpec, EngineRun
from augury.backtest.account import layout as at
from augury.backtest.orders.order import AttachedExits, Order
from augury.backtest.orders.order_engine import run_order_engine
from augury.market.bars import BarArrays, bars_frame

CASH = 1_000_000.0
UNITS = 100
SPEC = BacktestSpec(
    initial_cash=CASH,
    costs=CostSpec(commission_rate=0.002, slippage_rate=0.0, borrow_rate=0.0, margin_interest_rate=0.0),
    whole_units=True,
)

Plan = dict[int, tuple[int, float | None, float | None]]
"""At the close of bar t: trade so many units (signed), with a stop-loss and a take-profit price."""


@pytest.fixture(scope="module")
def peer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("backtesting", reason="backtesting.py is not installed: parity is not checked")


def reversing_plan(bars: BarArrays, up: np.ndarray, down: np.ndarray) -> Plan:
    """Long after a cross above, short after one below, flat near the end."""
    plan: Plan = {}
    held, last = 0, len(bars) - 5
    for t in np.flatnonzero(up | down):
        if t < last:
            wanted = UNITS if up[t] else -UNITS
            plan[int(t)] = (wanted - held, None, None)
            held = wanted
    plan[last] = (-held, None, None)
    return plan


def guarded_plan(bars: BarArrays, up: np.ndarray, down: np.ndarray) -> Plan:
    """After every cross an order with a stop 4 % and a target 7 % away; never two at a time by more than 40 bars."""
    plan: Plan = {}
    free = 0
    for t in np.flatnonzero(up | down):
        if t < free or t >= len(bars) - 40:
            continue
        side = 1 if up[t] else -1
        close, rest = float(bars.matrix[3, t]), bars.matrix[:, t + 2 :]
        stop, take = close * (1.0 - side * 0.040001), close * (1.0 + side * 0.070001)
        hit = (rest[2] <= stop) | (rest[1] > take) if side > 0 else (rest[1] >= stop) | (rest[2] < take)
        first = bars.matrix[0, t + 1]
        if hit.any() and (first > stop if side > 0 else first < stop) and (first < take if side > 0 else first > take):
            plan[int(t)] = (side * UNITS, stop, take)
            free = int(t) + 3 + int(np.argmax(hit))
    return plan


def peers_result(peer: Any, bars: BarArrays, plan: Plan) -> Any:
    class Planned(peer.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            order = plan.get(len(self.data) - 1)
            if order is not None and order[0] != 0:
                place = self.buy if order[0] > 0 else self.sell
                place(size=abs(order[0]), sl=order[1], tp=order[2])

    frame = bars_frame(bars.opened_at, bars.matrix)
    frame.columns = [str(name).capitalize() for name in frame.columns]
    frame.index = frame.index.tz_localize(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer.Backtest(frame, Planned, cash=CASH, commission=0.002).run()


def our_result(bars: BarArrays, plan: Plan) -> EngineRun:
    orders = []
    for t, (units, stop, take) in plan.items():
        exits = AttachedExits(stop_loss=stop, take_profit=take, as_prices=True)
        orders.append(Order(bar=t, side="buy" if units > 0 else "sell", units=abs(units), exits=exits))
    done = run_order_engine(bars, orders, SPEC)
    assert {outcome.status for outcome in done.outcomes} == {"filled"}
    return done.run


@pytest.mark.parametrize("planned", [reversing_plan, guarded_plan])
@pytest.mark.parametrize("ticker", ["AAPL", "IBM", "MSFT"])
def test_trades_and_equity_equal_those_of_backtesting_py(
    peer: Any,
    real_bars: dict[str, BarArrays],
    crossings: Callable[..., Any],
    flat_trades: Callable[[EngineRun], np.ndarray],
    ticker: str,
    planned: Callable[..., Plan],
) -> None:
    bars = real_bars[ticker]
    plan = planned(bars, *crossings(bars, 8, 21))
    run, theirs = our_result(bars, plan), peers_result(peer, bars, plan)
    listed = theirs["_trades"].sort_values("EntryBar", kind="stable")
    expected = listed[["EntryBar", "ExitBar", "Size", "EntryPrice", "ExitPrice"]].to_numpy(dtype=float)
    got = flat_trades(run)
    assert len(got) > 30
    assert set(np.sign(got[:, 2])) == {1.0, -1.0}
    np.testing.assert_array_equal(got[:, :3], expected[:, :3])
    np.testing.assert_allclose(got[:, 3:5], expected[:, 3:5], rtol=1e-9)
    np.testing.assert_allclose(got[:, 5], listed["PnL"], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(run.equity[1:], theirs["_equity_curve"]["Equity"].to_numpy()[1:], rtol=1e-9)
    assert run.equity[-1] == pytest.approx(theirs["Equity Final [$]"], rel=1e-12)
    if planned is guarded_plan:
        assert {at.STOPPED, at.TAKEN} <= set(run.fills[:, at.FILL_WHY])
