"""Bars of many tickers that move together, with the true correlations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput
from augury.spec import Spec
from augury.testing.generators.bars_from_returns import BarStyle, bars_from_returns
from augury.testing.generators.seed import Seed

__all__ = ["Universe", "UniverseTruth", "correlated_universe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UniverseTruth(Spec):
    """`market_correlation` between tickers of different sectors, `sector_correlation` inside one (not smaller)."""

    tickers: Annotated[int, msgspec.Meta(ge=1)] = 8
    sectors: Annotated[int, msgspec.Meta(ge=1)] = 2
    market_correlation: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.3
    sector_correlation: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    std: Annotated[float, msgspec.Meta(gt=0)] = 0.01

    def check(self) -> None:
        """Refuse a sector that is less correlated inside than the whole market."""
        if self.sector_correlation < self.market_correlation:
            raise InvalidInput(
                "need sector_correlation >= market_correlation; "
                f"got {self.sector_correlation} < {self.market_correlation}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Bars by ticker, the sector of each ticker, and the true correlation float64[k, k] of their returns."""

    bars: Mapping[str, pd.DataFrame]
    sectors: Mapping[str, str]
    correlation: FloatMatrix


def correlated_universe(
    count: int, truth: UniverseTruth | None = None, style: BarStyle | None = None, *, seed: Seed = None
) -> Universe:
    """Simulate `count` bars for every ticker from a market factor, sector factors and own noise, all normal.

    Tickers are named T000, T001, ...; ticker i belongs to sector i modulo the number of sectors.

    >>> sorted(correlated_universe(5, UniverseTruth(tickers=2), seed=1).bars)
    ['T000', 'T001']
    """
    truth = truth or UniverseTruth()
    rng = np.random.default_rng(seed)
    sector_of = np.arange(truth.tickers) % truth.sectors
    market = rng.standard_normal(count)
    sectors = rng.standard_normal((truth.sectors, count))
    own = rng.standard_normal((truth.tickers, count))
    between, within = truth.market_correlation, truth.sector_correlation
    returns = np.sqrt(between) * market + np.sqrt(within - between) * sectors[sector_of] + np.sqrt(1.0 - within) * own
    names = [f"T{number:03d}" for number in range(truth.tickers)]
    bars = {
        name: bars_from_returns(truth.std * path, style, seed=rng) for name, path in zip(names, returns, strict=True)
    }
    correlation = np.where(sector_of[:, None] == sector_of[None, :], within, between)
    np.fill_diagonal(correlation, 1.0)
    labels = {name: f"S{sector}" for name, sector in zip(names, sector_of, strict=True)}
    return Universe(bars=bars, sectors=labels, correlation=correlation)
