"""Backtests: the engine and its doors, sweeps, results and their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.backtest.engine import EngineRun, run_engine
    from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec

__all__ = ["BacktestSpec", "CostSpec", "EngineRun", "ExitSpec", "run_engine"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BacktestSpec": "augury.backtest.spec",
        "CostSpec": "augury.backtest.spec",
        "EngineRun": "augury.backtest.engine",
        "ExitSpec": "augury.backtest.spec",
        "run_engine": "augury.backtest.engine",
    },
)
