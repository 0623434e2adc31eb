"""The held-out account of a model's implied positions beside that of holding the same symbols."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.market.timeframe import close_times, infer_timeframe
from augury.metrics import periods_per_year
from augury.report import Benchmark, Story

if TYPE_CHECKING:
    from augury.learning.evaluation.profit import Profit
    from augury.learning.training import Training

__all__ = ["holding_returns", "told_account"]


def told_account(training: Training) -> Story | None:
    """The equal-weight account, holding as its benchmark; None when nothing was traded."""
    profit = training.held_out.profit
    if profit is None:
        return None
    held, cash = holding_returns(training, profit), profit.backtest.initial_cash
    return Story(
        title="Held-out account",
        times=_closes(profit.opened_at),
        equity=_grown(profit.returns, cash),
        initial_cash=cash,
        benchmark=None if held is None else Benchmark(name="Holding", equity=_grown(held, cash)),
    )


def _grown(returns: FloatVector, cash: float) -> FloatVector:
    return np.asarray(cash * np.cumprod(1.0 + returns), dtype=np.float64)


def holding_returns(training: Training, profit: Profit) -> FloatVector | None:
    """The mean bar return of holding each symbol over its account's time, float64[T]; the first bar of each is 0.

    Accounts are taken to begin together, or else to end together, whichever has the Sharpe ratio that the profit says
    of holding; None when neither has.
    """
    for together in ("first", "last"):
        held = _held(training, profit, together)
        if held is not None and _same_sharpe(held, profit):
            return held
    return None


def _held(training: Training, profit: Profit, together: str) -> FloatVector | None:
    dataset, times = training.evaluation.dataset, profit.opened_at
    total, count = np.zeros(times.size), np.zeros(times.size)
    for one in profit.symbols:
        bars = dataset.inputs.bars[dataset.symbols.index(one.symbol)]
        begin = int(np.searchsorted(bars.opened_at, times[0]))
        if together == "last":
            begin = int(np.searchsorted(bars.opened_at, times[-1], side="right")) - one.bars
        mine = slice(max(begin, 0), max(begin, 0) + one.bars)
        close = bars.matrix[3, mine]
        place = np.searchsorted(times, bars.opened_at[mine])
        if place.size < 2 or place.max() >= times.size or not np.array_equal(times[place], bars.opened_at[mine]):
            return None
        total[place[1:]] += close[1:] / close[:-1] - 1.0
        count[place] += 1.0
    return np.asarray(total / count, dtype=np.float64) if count.all() else None


def _same_sharpe(held: FloatVector, profit: Profit) -> bool:
    """Whether these returns of holding have the Sharpe ratio that the profit reports of them."""
    spread = float(held.std(ddof=1)) if held.size > 1 else 0.0
    if spread <= 0.0:
        return False
    yearly = profit.backtest.periods_per_year or periods_per_year(profit.opened_at)
    found = float(held.mean()) / spread * math.sqrt(yearly)
    return math.isclose(profit.hold_sharpe.estimate, found, rel_tol=1e-6, abs_tol=1e-9)


def _closes(opened_at: IntVector) -> IntVector:
    """When each bar is known; its open where bars have no prevailing length."""
    try:
        return close_times(opened_at, infer_timeframe(opened_at))
    except (InvalidInput, NotEnoughData):
        return opened_at
