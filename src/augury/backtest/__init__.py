"""Backtests: the engine and its doors, sweeps, portfolios, results and their proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.backtest.account.engine import EngineRun, run_engine
    from augury.backtest.actions.corporate_actions import CorporateAction, action_matrix
    from augury.backtest.actions.split_adjustment import split_adjusted
    from augury.backtest.actions.split_steps import read_actions, split_like_steps
    from augury.backtest.orders.order import AttachedExits, Order, OrderOutcome
    from augury.backtest.orders.order_engine import OrdersRun, run_order_engine
    from augury.backtest.orders.orders_door import run_orders
    from augury.backtest.orders.orders_result import OrdersResult
    from augury.backtest.orders.signals import Signals, run_signal_engine
    from augury.backtest.orders.signals_door import run_signals
    from augury.backtest.portfolio.panel import Panel
    from augury.backtest.portfolio.panel_actions import PanelAction
    from augury.backtest.portfolio.portfolio_door import run_portfolio
    from augury.backtest.portfolio.portfolio_history import PanelHistory, WeightsWithHistory
    from augury.backtest.portfolio.portfolio_result import PortfolioResult
    from augury.backtest.portfolio.portfolio_run import PortfolioRun
    from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
    from augury.backtest.portfolio.portfolio_weights import StrategyShare
    from augury.backtest.portfolio.running import run_portfolio_engine
    from augury.backtest.proof.benchmarks import buy_and_hold
    from augury.backtest.proof.proof_record import Proof
    from augury.backtest.proof.proof_spec import ProofSpec
    from augury.backtest.proof.proof_tests import Tried
    from augury.backtest.proof.proving import prove, require_known_year
    from augury.backtest.result import BacktestResult, fingerprint_of
    from augury.backtest.run import run_backtest
    from augury.backtest.search.grid import combinations_of
    from augury.backtest.search.significance import permuted_search, permuted_walk_forward
    from augury.backtest.search.sweep_result import SweepResult
    from augury.backtest.search.sweeping import quick_sweep, sweep
    from augury.backtest.search.walk_forward import WalkForward, walk_forward_test
    from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
    from augury.backtest.subject import subject_of
    from augury.backtest.telling import story_of

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
    "OrdersResult",
    "OrdersRun",
    "Panel",
    "PanelAction",
    "PanelHistory",
    "PortfolioResult",
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
    "require_known_year",
    "run_backtest",
    "run_engine",
    "run_order_engine",
    "run_orders",
    "run_portfolio",
    "run_portfolio_engine",
    "run_signal_engine",
    "run_signals",
    "split_adjusted",
    "split_like_steps",
    "story_of",
    "subject_of",
    "sweep",
    "walk_forward_test",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AttachedExits": "augury.backtest.orders.order",
        "BacktestResult": "augury.backtest.result",
        "BacktestSpec": "augury.backtest.spec",
        "CorporateAction": "augury.backtest.actions.corporate_actions",
        "CostSpec": "augury.backtest.spec",
        "EngineRun": "augury.backtest.account.engine",
        "ExitSpec": "augury.backtest.spec",
        "Order": "augury.backtest.orders.order",
        "OrderOutcome": "augury.backtest.orders.order",
        "OrdersResult": "augury.backtest.orders.orders_result",
        "OrdersRun": "augury.backtest.orders.order_engine",
        "Panel": "augury.backtest.portfolio.panel",
        "PanelAction": "augury.backtest.portfolio.panel_actions",
        "PanelHistory": "augury.backtest.portfolio.portfolio_history",
        "PortfolioResult": "augury.backtest.portfolio.portfolio_result",
        "PortfolioRun": "augury.backtest.portfolio.portfolio_run",
        "PortfolioSpec": "augury.backtest.portfolio.portfolio_spec",
        "Proof": "augury.backtest.proof.proof_record",
        "ProofSpec": "augury.backtest.proof.proof_spec",
        "RebalanceSpec": "augury.backtest.portfolio.portfolio_spec",
        "Signals": "augury.backtest.orders.signals",
        "StrategyShare": "augury.backtest.portfolio.portfolio_weights",
        "SweepResult": "augury.backtest.search.sweep_result",
        "Tried": "augury.backtest.proof.proof_tests",
        "WalkForward": "augury.backtest.search.walk_forward",
        "WeightsWithHistory": "augury.backtest.portfolio.portfolio_history",
        "action_matrix": "augury.backtest.actions.corporate_actions",
        "buy_and_hold": "augury.backtest.proof.benchmarks",
        "combinations_of": "augury.backtest.search.grid",
        "fingerprint_of": "augury.backtest.result",
        "permuted_search": "augury.backtest.search.significance",
        "permuted_walk_forward": "augury.backtest.search.significance",
        "prove": "augury.backtest.proof.proving",
        "quick_sweep": "augury.backtest.search.sweeping",
        "read_actions": "augury.backtest.actions.split_steps",
        "require_known_year": "augury.backtest.proof.proving",
        "run_backtest": "augury.backtest.run",
        "run_engine": "augury.backtest.account.engine",
        "run_order_engine": "augury.backtest.orders.order_engine",
        "run_orders": "augury.backtest.orders.orders_door",
        "run_portfolio": "augury.backtest.portfolio.portfolio_door",
        "run_portfolio_engine": "augury.backtest.portfolio.running",
        "run_signal_engine": "augury.backtest.orders.signals",
        "run_signals": "augury.backtest.orders.signals_door",
        "split_adjusted": "augury.backtest.actions.split_adjustment",
        "split_like_steps": "augury.backtest.actions.split_steps",
        "story_of": "augury.backtest.telling",
        "subject_of": "augury.backtest.subject",
        "sweep": "augury.backtest.search.sweeping",
        "walk_forward_test": "augury.backtest.search.walk_forward",
    },
)
