"""backtesting.py and backtrader on a crossing of averages, a fixed number of units a trade, and our run by those rules.

Both trade a fixed number of units here, since each sizes an all-in order in a way of its own; so does the run that they
are compared with. Costs: 0.15 % commission in backtesting.py (its spread is charged at entries only), 0.1 % commission
and 0.05 % slippage in backtrader.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec
from augury.backtest.orders.order import Order
from augury.backtest.orders.order_engine import run_order_engine
from augury.market.bars import BarArrays
from workloads import COSTS, peers_frame

__all__ = ["backtesting_of", "backtrader_of", "our_equity"]

CASH, UNITS = 1_000_000.0, 100


def our_equity(bars: BarArrays, fast: int, slow: int, *, backtrader: bool) -> float:
    """Final equity of the same orders in Augury's engine; backtesting.py first decides one bar after the warm-up."""
    closes = pd.Series(bars.matrix[3])
    above = (closes.rolling(fast).mean() > closes.rolling(slow).mean()).to_numpy(copy=True)
    above[: slow - 1 if backtrader else slow] = False
    turned = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0))
    orders = [Order(bar=int(t), side="buy" if above[t] else "sell", units=UNITS) for t in turned]
    costs = COSTS if backtrader else COSTS.replace(commission_rate=0.0015, slippage_rate=0.0)
    spec = BacktestSpec(initial_cash=CASH, costs=costs, whole_units=True)
    return float(run_order_engine(bars, orders, spec).run.equity[-1])


def backtesting_of(module: Any, bars: BarArrays) -> Any:
    """A `run(fast, slow)` that gives backtesting.py's statistics, its trades among them."""

    def mean(values: Any, window: int) -> Any:
        return pd.Series(values).rolling(window).mean()

    class Crossing(module.Strategy):  # type: ignore[misc, name-defined]
        fast, slow = 10, 30

        def init(self) -> None:
            self.quick = self.I(mean, self.data.Close, self.fast)
            self.calm = self.I(mean, self.data.Close, self.slow)

        def next(self) -> None:
            if self.quick[-1] > self.calm[-1]:
                if not self.position:
                    self.buy(size=UNITS)
            elif self.position:
                self.position.close()

    frame = peers_frame(bars)
    frame.columns = [str(name).capitalize() for name in frame.columns]

    sys.modules["backtesting.backtesting"]._tqdm = lambda items, **_: items  # type: ignore[attr-defined]

    def run(fast: int, slow: int) -> Any:
        return module.Backtest(frame, Crossing, cash=CASH, commission=0.0015).run(fast=fast, slow=slow)

    return run


def backtrader_of(module: Any, bars: BarArrays) -> Any:
    """A `run(fast, slow)` that gives backtrader's final value, with its analysers of trades, returns and drawdown."""

    class Crossing(module.Strategy):  # type: ignore[misc, name-defined]
        params = (("fast", 10), ("slow", 30))

        def __init__(self) -> None:
            closes = self.data.close
            self.quick = module.indicators.SimpleMovingAverage(closes, period=self.p.fast)
            self.calm = module.indicators.SimpleMovingAverage(closes, period=self.p.slow)

        def next(self) -> None:
            if self.quick[0] > self.calm[0]:
                if not self.position:
                    self.buy(size=UNITS)
            elif self.position:
                self.close()

    frame = peers_frame(bars)

    def run(fast: int, slow: int) -> float:
        engine = module.Cerebro(stdstats=False)
        engine.adddata(module.feeds.PandasData(dataname=frame))
        engine.addstrategy(Crossing, fast=fast, slow=slow)
        engine.broker.setcash(CASH)
        engine.broker.setcommission(commission=COSTS.commission_rate)
        engine.broker.set_slippage_perc(COSTS.slippage_rate, slip_open=True, slip_match=True, slip_out=True)
        for analyser in ("TradeAnalyzer", "SharpeRatio", "DrawDown", "Returns", "SQN"):
            engine.addanalyzer(getattr(module.analyzers, analyser))
        engine.run()
        return float(engine.broker.getvalue())

    return run
