"""Buy and hold under the same costs: what every result is shown against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from augury.backtest.account.engine import run_engine
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of
from augury.backtest.spec import ExitSpec
from augury.strategies.registry import strategy_named

__all__ = ["buy_and_hold"]


def buy_and_hold(result: BacktestResult) -> BacktestResult:
    """Buy and hold on the same bars, with the same cash, costs and corporate actions, without exits."""
    strategy = strategy_named("buy_and_hold")
    subject = replace(result.subject, strategy=strategy, values=np.empty(0), given=None)
    spec = result.spec.replace(exits=ExitSpec(), delay_bars=0, rebalance_drift=None)
    targets = np.ones(len(subject.bars))
    return result_of(subject, run_engine(subject.bars, targets, spec, actions=result.run.actions))
