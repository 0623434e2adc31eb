"""Backtests: the engine and its doors, sweeps, portfolios, results and their proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.backtest.benchmarks import buy_and_hold
    from augury.backtest.corporate_actions import CorporateAction, action_matrix
    from augury.backtest.engine import EngineRun, run_engine
    from augury.backtest.grid import combinations_of
    from augury.backtest.orders import AttachedExits, Order, OrderOutcome
    from augury.backtest.orders_door import OrdersRun, run_orders
    from augury.backtest.panel import Panel
    from augury.backtest.panel_actions import PanelAction
    from augury.backtest.portfolio import run_portfolio
    from augury.backtest.portfolio_history import PanelHistory, WeightsWithHistory
    from augury.backtest.portfolio_run import PortfolioRun
    from augury.backtest.portfolio_spec import PortfolioSpec, RebalanceSpec
    from augury.backtest.portfolio_weights import StrategyShare
    from augury.backtest.proof import Proof, prove
    from augury.backtest.proof_spec import ProofSpec
    from augury.backtest.proof_tests import Tried
    from augury.backtest.result import BacktestResult, fingerprint_of
    from augury.backtest.run import run_backtest
    from augury.backtest.signals_door import Signals, run_signals
    from augury.backtest.significance import permuted_search, permuted_walk_forward
    from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
    from augury.backtest.split_steps import read_actions, split_like_steps
    from augury.backtest.subject import subject_of
    from augury.backtest.sweep_result import SweepResult
    from augury.backtest.sweeping import quick_sweep, sweep
    from augury.backtest.telling import story_of
    from augury.backtest.walk_forward import WalkForward, walk_forward_test

__all__ = [
    "AttachedExits",
    "BacktestResult",
    "BacktestSpec",
    "CorporateAction",
    "CostSpec",
    "EngineRun",
    "ExitSpec",
    "Order",
    "OrderOutcome",
    "OrdersRun",
    "Panel",
    "PanelAction",
    "PanelHistory",
    "PortfolioRun",
    "PortfolioSpec",
    "Proof",
    "ProofSpec",
    "RebalanceSpec",
    "Signals",
    "StrategyShare",
    "SweepResult",
    "Tried",
    "WalkForward",
    "WeightsWithHistory",
    "action_matrix",
    "buy_and_hold",
    "combinations_of",
    "fingerprint_of",
    "permuted_search",
    "permuted_walk_forward",
    "prove",
    "quick_sweep",
    "read_actions",
    "run_backtest",
    "run_engine",
    "run_orders",
    "run_portfolio",
    "run_signals",
    "split_like_steps",
    "story_of",
    "subject_of",
    "sweep",
    "walk_forward_test",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AttachedExits": "augury.backtest.orders",
        "BacktestResult": "augury.backtest.result",
        "BacktestSpec": "augury.backtest.spec",
        "CorporateAction": "augury.backtest.corporate_actions",
        "CostSpec": "augury.backtest.spec",
        "EngineRun": "augury.backtest.engine",
        "ExitSpec": "augury.backtest.spec",
        "Order": "augury.backtest.orders",
        "OrderOutcome": "augury.backtest.orders",
        "OrdersRun": "augury.backtest.orders_door",
        "Panel": "augury.backtest.panel",
        "PanelAction": "augury.backtest.panel_actions",
        "PanelHistory": "augury.backtest.portfolio_history",
        "PortfolioRun": "augury.backtest.portfolio_run",
        "PortfolioSpec": "augury.backtest.portfolio_spec",
        "Proof": "augury.backtest.proof",
        "ProofSpec": "augury.backtest.proof_spec",
        "RebalanceSpec": "augury.backtest.portfolio_spec",
        "Signals": "augury.backtest.signals_door",
        "StrategyShare": "augury.backtest.portfolio_weights",
        "SweepResult": "augury.backtest.sweep_result",
        "Tried": "augury.backtest.proof_tests",
        "WalkForward": "augury.backtest.walk_forward",
        "WeightsWithHistory": "augury.backtest.portfolio_history",
        "action_matrix": "augury.backtest.corporate_actions",
        "buy_and_hold": "augury.backtest.benchmarks",
        "combinations_of": "augury.backtest.grid",
        "fingerprint_of": "augury.backtest.result",
        "permuted_search": "augury.backtest.significance",
        "permuted_walk_forward": "augury.backtest.significance",
        "prove": "augury.backtest.proof",
        "quick_sweep": "augury.backtest.sweeping",
        "read_actions": "augury.backtest.split_steps",
        "run_backtest": "augury.backtest.run",
        "run_engine": "augury.backtest.engine",
        "run_orders": "augury.backtest.orders_door",
        "run_portfolio": "augury.backtest.portfolio",
        "run_signals": "augury.backtest.signals_door",
        "split_like_steps": "augury.backtest.split_steps",
        "story_of": "augury.backtest.telling",
        "subject_of": "augury.backtest.subject",
        "sweep": "augury.backtest.sweeping",
        "walk_forward_test": "augury.backtest.walk_forward",
    },
)
