"""Augury: trading signals that can be trusted, from market data and news to explained decisions.

The names below are imported on first use, so `import augury` is quick and pulls in no compiled kernels.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from augury.lazy import lazy_exports
from augury.version import __version__

if TYPE_CHECKING:
    from augury.backtest import (
        BacktestResult,
        BacktestSpec,
        CostSpec,
        ExitSpec,
        ProofSpec,
        prove,
        run_backtest,
        run_portfolio,
        sweep,
    )
    from augury.features import compute, make, multi_timeframe
    from augury.ledger import Ledger
    from augury.market import (
        NewsItem,
        clean,
        quality_report,
        read_bars,
        read_news,
        read_universe,
        resample,
        validate_bars,
    )
    from augury.operations import run
    from augury.sample import load_sample
    from augury.sentiment import load_model
    from augury.signals import SignalEngine, SignalSpec, TradingSignal
    from augury.strategies import load_strategy

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime reads it when it is imported: nothing is sent

__all__ = [
    "BacktestResult",
    "BacktestSpec",
    "CostSpec",
    "ExitSpec",
    "Ledger",
    "NewsItem",
    "ProofSpec",
    "SignalEngine",
    "SignalSpec",
    "TradingSignal",
    "__version__",
    "clean",
    "compute",
    "load_model",
    "load_sample",
    "load_strategy",
    "make",
    "multi_timeframe",
    "prove",
    "quality_report",
    "read_bars",
    "read_news",
    "read_universe",
    "resample",
    "run",
    "run_backtest",
    "run_portfolio",
    "sweep",
    "validate_bars",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "BacktestResult": "augury.backtest",
        "BacktestSpec": "augury.backtest",
        "CostSpec": "augury.backtest",
        "ExitSpec": "augury.backtest",
        "Ledger": "augury.ledger",
        "NewsItem": "augury.market",
        "ProofSpec": "augury.backtest",
        "SignalEngine": "augury.signals",
        "SignalSpec": "augury.signals",
        "TradingSignal": "augury.signals",
        "clean": "augury.market",
        "compute": "augury.features",
        "load_model": "augury.sentiment",
        "load_sample": "augury.sample",
        "load_strategy": "augury.strategies",
        "make": "augury.features",
        "multi_timeframe": "augury.features",
        "prove": "augury.backtest",
        "quality_report": "augury.market",
        "read_bars": "augury.market",
        "read_news": "augury.market",
        "read_universe": "augury.market",
        "resample": "augury.market",
        "run": "augury.operations",
        "run_backtest": "augury.backtest",
        "run_portfolio": "augury.backtest",
        "sweep": "augury.backtest",
        "validate_bars": "augury.market",
    },
)
