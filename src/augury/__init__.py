"""Augury: trading signals that can be trusted, from market data and news to explained decisions.

The names below are imported on first use, so `import augury` is quick and pulls in no compiled kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports
from augury.version import __version__

if TYPE_CHECKING:
    from augury.features import compute, make, multi_timeframe
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

__all__ = [
    "NewsItem",
    "SignalEngine",
    "SignalSpec",
    "TradingSignal",
    "__version__",
    "clean",
    "compute",
    "load_model",
    "load_sample",
    "make",
    "multi_timeframe",
    "quality_report",
    "read_bars",
    "read_news",
    "read_universe",
    "resample",
    "run",
    "validate_bars",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "NewsItem": "augury.market",
        "SignalEngine": "augury.signals",
        "SignalSpec": "augury.signals",
        "TradingSignal": "augury.signals",
        "clean": "augury.market",
        "compute": "augury.features",
        "load_model": "augury.sentiment",
        "load_sample": "augury.sample",
        "make": "augury.features",
        "multi_timeframe": "augury.features",
        "quality_report": "augury.market",
        "read_bars": "augury.market",
        "read_news": "augury.market",
        "read_universe": "augury.market",
        "resample": "augury.market",
        "run": "augury.operations",
        "validate_bars": "augury.market",
    },
)
