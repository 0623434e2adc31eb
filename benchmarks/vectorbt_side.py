"""What a vectorbt user writes for a grid of moving averages, with fills as Augury's: the next open, all cash, costs."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec
from workloads import passed

__all__ = ["averages_above", "measures", "portfolio_of", "set_engine"]


def set_engine(vbt: Any, engine: str) -> None:
    """Choose the engine ("numba", or "auto" for Rust where it can), and 252 bars a year."""
    vbt.settings["engine"] = engine
    vbt.settings.returns["year_freq"] = "252 days"


def averages_above(vbt: Any, close: Any, grid: np.ndarray) -> Any:
    """bool frame [n, symbols * pairs]: where the fast average is above the slow one; vectorbt's own averages."""
    fast = vbt.MA.run(close, grid[:, 0].tolist(), short_name="fast")
    slow = vbt.MA.run(close, grid[:, 1].tolist(), short_name="slow")
    return fast.ma_above(slow)


def portfolio_of(vbt: Any, close: Any, opens: Any, above: Any, spec: BacktestSpec, **more: Any) -> Any:
    """Long where `above`, decided at the close and filled at the next open."""
    return vbt.Portfolio.from_signals(
        close,
        above.vbt.signals.fshift(1),
        (~above).vbt.signals.fshift(1),
        price=opens,
        size=np.inf,
        fees=spec.costs.commission_rate,
        slippage=spec.costs.slippage_rate,
        init_cash=spec.initial_cash,
        freq="1D",
        **more,
    )


def measures(
    vbt: Any, close: Any, opens: Any, grid: np.ndarray, spec: BacktestSpec, chunk: int | None = None
) -> np.ndarray:
    """Total return, Sharpe ratio and maximum drawdown float64[3, columns], in chunks of pairs where asked."""
    found = []
    for first in range(0, len(grid), chunk or len(grid)):
        part = grid[first : first + (chunk or len(grid))]
        portfolio = portfolio_of(vbt, close, opens, averages_above(vbt, close, part), spec)
        values = (portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown())
        found.append(np.array([np.atleast_1d(value) for value in values]))
        del portfolio
    return np.concatenate(found, axis=1)


def on_our_decisions(
    vbt: Any, close: pd.Series, opens: pd.Series, targets: np.ndarray, spec: BacktestSpec
) -> np.ndarray:
    """The same three measures where vectorbt is given our decisions, targets float64[m, n] of 0 and 1."""
    above = pd.DataFrame(targets.T > 0.0, index=close.index)
    portfolio = portfolio_of(vbt, close, opens, above, spec)
    return np.array([portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown()])


def warm(vbt: Any, close: Any, opens: Any, spec: BacktestSpec) -> None:
    """Compile what vectorbt compiles in every process, outside the timing."""
    passed(lambda: measures(vbt, close, opens, np.array([[5, 20], [10, 30]]), spec))
    gc.collect()
