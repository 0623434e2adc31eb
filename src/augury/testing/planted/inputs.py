"""The inputs on which planted leaks are tried."""

from __future__ import annotations

from typing import Any

from augury.testing.generators.correlated_universe import UniverseTruth, correlated_universe
from augury.testing.generators.garch_bars import garch_bars
from augury.testing.generators.news_with_effect import NewsTruth, news_with_effect
from augury.testing.planted.twins import Takes

__all__ = ["planted_inputs"]


def planted_inputs(takes: Takes, *, seed: int = 0) -> tuple[Any, ...]:
    """Positional inputs of a twin: (hourly bars,), (hourly bars, news frame) or (bars by ticker,)."""
    if takes == "news":
        sample = news_with_effect(140, NewsTruth(items_per_bar=0.6, mean_latency_bars=1.0), seed=seed)
        return sample.bars, sample.frame()
    if takes == "universe":
        return (correlated_universe(150, UniverseTruth(tickers=5, sectors=2), seed=seed).bars,)
    return (garch_bars(320, seed=seed),)
