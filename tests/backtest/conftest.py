"""Bars of every temper for the tests of the backtest room."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.market.bars import BarArrays

DAY = 86_400 * 10**9


def bars_of_closes(closes: np.ndarray, opens: np.ndarray | None = None, reach: np.ndarray | None = None) -> BarArrays:
    """Daily bars through these closes; `reach` float64[2, n] says how far high and low go beyond open and close."""
    n = len(closes)
    opens = np.concatenate([closes[:1], closes[:-1]]) if opens is None else opens
    reach = np.zeros((2, n)) if reach is None else reach
    high = np.maximum(opens, closes) * (1.0 + reach[0])
    low = np.minimum(opens, closes) * (1.0 - reach[1])
    matrix = np.ascontiguousarray(np.stack([opens, high, low, closes, np.full(n, 1e6)]), dtype=np.float64)
    return BarArrays(np.arange(n, dtype=np.int64) * DAY + 10**18, matrix)


def random_bars(seed: int, n: int, swing: float = 0.02) -> BarArrays:
    """A random walk with overnight gaps, weekends, bars without volume, and violent moves when `swing` is large."""
    rng = np.random.default_rng(seed)
    inside = rng.normal(0.0, swing, n)
    gaps = rng.normal(0.0, swing / 2, n) * (rng.random(n) < 0.5) + rng.normal(0.0, 10 * swing, n) * (
        rng.random(n) < 0.05
    )
    closes = 50.0 * np.exp(np.cumsum(inside + gaps))
    bars = bars_of_closes(closes, closes * np.exp(-inside), np.abs(rng.normal(0.0, swing / 2, (2, n))).clip(0.0, 0.9))
    bars.matrix[4] = rng.integers(0, 400, n) * (rng.random(n) < 0.9)
    opened_at = 10**18 + np.cumsum(rng.choice([1, 1, 1, 3], n)) * DAY
    return BarArrays(opened_at.astype(np.int64), bars.matrix)


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., BarArrays]:
    return bars_of_closes


@pytest.fixture(scope="session")
def make_random_bars() -> Callable[..., BarArrays]:
    return random_bars
