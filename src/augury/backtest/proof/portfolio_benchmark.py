"""Equal weights of whatever is listed, bought and held: what every portfolio is shown against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from augury.arrays import BoolVector
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_history import TableRows
from augury.backtest.portfolio.portfolio_layout import ACTION_BAR, ACTION_GONE, ACTION_SYMBOL
from augury.backtest.portfolio.portfolio_result import PortfolioResult
from augury.backtest.portfolio.portfolio_run import PortfolioRun
from augury.backtest.portfolio.portfolio_spec import RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.portfolio.running import run_rows
from augury.backtest.spec import ExitSpec

__all__ = ["BENCHMARK_NAME", "equal_weights", "hold_equal_weights"]

BENCHMARK_NAME = "equal weights, held"


def equal_weights(panel: Panel, most: float = 1.0) -> WeightTable:
    """Equal weights, `most` in all, of the symbols listed at each close; a row whenever one comes or goes."""
    n, k = len(panel), len(panel.symbols)
    ends = np.full(k, n, dtype=np.int64)
    gone = panel.actions[panel.actions[:, ACTION_GONE] != 0.0]
    np.minimum.at(ends, gone[:, ACTION_SYMBOL].astype(np.int64), gone[:, ACTION_BAR].astype(np.int64))
    bars = np.unique(np.concatenate([panel.first, ends[ends < n]]))
    listed: BoolVector = (panel.first <= bars[:, None]) & (bars[:, None] < ends)
    count = listed.sum(axis=1, keepdims=True)
    return WeightTable(known_at=panel.closed_at[bars], rows=most * listed / np.maximum(count, 1))


def hold_equal_weights(result: PortfolioResult) -> PortfolioRun:
    """Equal weights on the same panel with the same cash and costs, brought back only when a symbol comes or goes.

    Without exits and delays, and without a cap on single names.
    """
    spec, panel = result.spec, result.run.panel
    account = spec.backtest.replace(exits=ExitSpec(), delay_bars=0)
    spec = replace(spec, backtest=account, rebalance=RebalanceSpec(), max_weight=None, keep_fills=False)
    weights = equal_weights(panel, min(1.0, account.leverage))
    return run_rows(panel, TableRows(weights, panel), spec)
