"""Histories and return series with known properties."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@pytest.fixture(scope="session")
def random_bars() -> Callable[..., Matrix]:
    """Bars of a random walk, float64[5, n]; `memory` makes each body follow the one before it."""

    def make(bars: int, seed: int, memory: float = 0.0) -> Matrix:
        rng = np.random.default_rng(seed)
        bodies = rng.normal(0.0, 0.01, bars)
        for t in range(1, bars):
            bodies[t] += memory * bodies[t - 1]
        gaps = rng.normal(0.0, 0.002, bars)
        closes = 100.0 * np.exp(np.cumsum(bodies + gaps))
        opens = closes / np.exp(bodies)
        highs = np.maximum(opens, closes) * np.exp(np.abs(rng.normal(0.0, 0.004, bars)))
        lows = np.minimum(opens, closes) * np.exp(-np.abs(rng.normal(0.0, 0.004, bars)))
        return np.ascontiguousarray(np.vstack([opens, highs, lows, closes, rng.uniform(1.0, 1000.0, bars)]))

    return make


@pytest.fixture(scope="session")
def autoregression() -> Callable[..., NDArray[np.float64]]:
    """A stationary first-order autoregression with unit innovations."""

    def make(values: int, seed: int, memory: float) -> NDArray[np.float64]:
        noise = np.random.default_rng(seed).normal(size=values + 100)
        for t in range(1, noise.size):
            noise[t] += memory * noise[t - 1]
        return noise[100:]

    return make
