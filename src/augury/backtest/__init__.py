"""Backtests: the engine and its doors, sweeps, results and their proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.backtest.benchmarks import buy_and_hold
    from augury.backtest.corporate_actions import CorporateAction, action_matrix
    from augury.backtest.engine import EngineRun, run_engine
    from augury.backtest.grid import combinations_of
    from augury.backtest.proof import prove
    from augury.backtest.proof_spec import ProofSpec
    from augury.backtest.proof_tests import Tried
    from augury.backtest.result import BacktestResult, fingerprint_of
    from augury.backtest.run import run_backtest
    from augury.backtest.significance import permuted_search, permuted_walk_forward
    from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
    from augury.backtest.split_steps import read_actions, split_like_steps
    from augury.backtest.subject import subject_of
    from augury.backtest.sweep_result import SweepResult
    from augury.backtest.sweeping import sweep
    from augury.backtest.telling import story_of
    from augury.backtest.walk_forward import WalkForward, walk_forward_test

__all__ = [
    "BacktestResult",
    "BacktestSpec",
    "CorporateAction",
    "CostSpec",
    "EngineRun",
    "ExitSpec",
    "ProofSpec",
    "SweepResult",
    "Tried",
    "WalkForward",
    "action_matrix",
    "buy_and_hold",
    "combinations_of",
    "fingerprint_of",
    "permuted_search",
    "permuted_walk_forward",
    "prove",
    "read_actions",
    "run_backtest",
    "run_engine",
    "split_like_steps",
    "story_of",
    "subject_of",
    "sweep",
    "walk_forward_test",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BacktestResult": "augury.backtest.result",
        "BacktestSpec": "augury.backtest.spec",
        "CorporateAction": "augury.backtest.corporate_actions",
        "CostSpec": "augury.backtest.spec",
        "EngineRun": "augury.backtest.engine",
        "ExitSpec": "augury.backtest.spec",
        "ProofSpec": "augury.backtest.proof_spec",
        "SweepResult": "augury.backtest.sweep_result",
        "Tried": "augury.backtest.proof_tests",
        "WalkForward": "augury.backtest.walk_forward",
        "action_matrix": "augury.backtest.corporate_actions",
        "run_backtest": "augury.backtest.run",
        "fingerprint_of": "augury.backtest.result",
        "buy_and_hold": "augury.backtest.benchmarks",
        "combinations_of": "augury.backtest.grid",
        "permuted_search": "augury.backtest.significance",
        "permuted_walk_forward": "augury.backtest.significance",
        "prove": "augury.backtest.proof",
        "read_actions": "augury.backtest.split_steps",
        "run_engine": "augury.backtest.engine",
        "split_like_steps": "augury.backtest.split_steps",
        "story_of": "augury.backtest.telling",
        "subject_of": "augury.backtest.subject",
        "sweep": "augury.backtest.sweeping",
        "walk_forward_test": "augury.backtest.walk_forward",
    },
)
