"""What is run on what, checked and named before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.backtest.spec import BacktestSpec
from augury.market.bars import BarArrays
from augury.market.validate import check_bar_arrays, valid_arrays
from augury.metrics import periods_per_year
from augury.strategies.accepting import as_strategy
from augury.strategies.strategy import Strategy

__all__ = ["Subject", "arrays_of", "bars_in_a_year", "subject_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is run on what: a strategy with its parameter values, and the bars with their names."""

    strategy: Strategy
    values: FloatVector
    bars: BarArrays
    symbol: str
    periods_per_year: float

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter values by name."""
        return dict(zip(self.strategy.names, self.values.tolist(), strict=True))


def arrays_of(bars: Any) -> BarArrays:
    """Checked arrays from a frame, or from arrays; InvalidBars when they break a rule."""
    if isinstance(bars, BarArrays):
        check_bar_arrays(bars)
        return bars
    return valid_arrays(bars)


@lru_cache(maxsize=64)
def _bars_in_a_year(times: bytes) -> float:
    return periods_per_year(np.frombuffer(times, dtype=np.int64))


def bars_in_a_year(opened_at: IntVector) -> float:
    """`periods_per_year`, remembered for calendars seen lately, since many runs share one."""
    return _bars_in_a_year(opened_at.tobytes()) if opened_at.size < 20_000 else periods_per_year(opened_at)


def subject_of(
    strategy: Any, bars: Any, parameters: Mapping[str, Any] | None, spec: BacktestSpec, symbol: str
) -> Subject:
    """Everything checked and named before anything runs."""
    chosen = as_strategy(strategy)
    arrays = arrays_of(bars)
    return Subject(
        strategy=chosen,
        values=chosen.values(parameters),
        bars=arrays,
        symbol=symbol,
        periods_per_year=spec.periods_per_year or bars_in_a_year(arrays.opened_at),
    )
