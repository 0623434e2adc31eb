"""Bars with an edge that only a model beyond lines can see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec


@pytest.fixture(scope="session")
def moving_bars():
    """Daily bars on which large moves are followed by rises and small ones by falls, as `strength` says."""

    def make(n=500, *, seed=1, strength=0.01, start="2015-01-01", frequency="D"):
        rng = np.random.default_rng(seed)
        moves, noise = np.zeros(n), rng.normal(0.0, 0.01, n)
        for bar in range(1, n):
            moves[bar] = strength * (1.0 if abs(moves[bar - 1]) > 0.01 else -1.0) + noise[bar]
        close = 100.0 * np.exp(np.cumsum(moves))
        opened = np.concatenate([[100.0], close[:-1]])
        high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
        index = pd.date_range(start, periods=n, freq=frequency, tz="UTC", name="timestamp")
        volume = rng.integers(100, 1000, n).astype(float)
        return pd.DataFrame({"open": opened, "high": high, "low": low, "close": close, "volume": volume}, index=index)

    return make


@pytest.fixture(scope="session")
def moving_rows():
    """The data set of such bars: two features and a label of one bar unless something else is said."""

    def make(bars, **options):
        given = {"features": ("roc(timeperiod=1)", "rsi(timeperiod=5)"), "label": "direction(horizon_bars=1)"}
        return build_dataset(bars, DatasetSpec(**(given | options)))

    return make
