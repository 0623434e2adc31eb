"""The `backtest` operation: one strategy on one file of bars, with its proof, written to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from augury.operations.evaluation import evaluate_run
from augury.operations.operation import Operation
from augury.operations.registry import register
from augury.operations.strategy_inputs import StrategyOptions

__all__ = ["BacktestOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions(StrategyOptions):
    """Options of the `backtest` operation."""


register(
    Operation(
        name="backtest",
        summary="Run a strategy on a file of bars: result, trades, costs, the proof of significance and a verdict.",
        example="augury backtest sma_crossover AAPL.csv -p fast=20 -p slow=100 --report out.html",
        spec_type=BacktestOptions,
        result="augury.operations.evaluation:Evaluation",
        run=evaluate_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
