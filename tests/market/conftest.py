"""Bars made up for the market tests, and the folder of real ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def _make_bars(rows: int = 60, *, start: str = "2024-01-01", freq: str = "h", seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, rows)))
    opened = close * np.exp(rng.normal(0.0, 0.005, rows))
    frame = pd.DataFrame(
        {
            "open": opened,
            "high": np.maximum(opened, close) * (1.0 + rng.uniform(0.0001, 0.01, rows)),
            "low": np.minimum(opened, close) * (1.0 - rng.uniform(0.0001, 0.01, rows)),
            "close": close,
            "volume": rng.integers(1, 1000, rows).astype(float),
        },
        index=pd.date_range(start, periods=rows, freq=freq, tz="UTC", unit="ns", name="timestamp"),
    )
    frame.index.freq = None
    return frame


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., pd.DataFrame]:
    """A function that gives valid random-walk bars: rows, start, freq, seed."""
    return _make_bars


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, or a skip that says why."""
    folder = os.environ.get("AUGURY_DATA")
    if not folder:
        pytest.skip("AUGURY_DATA is not set: real data files are not at hand")
    return Path(folder)
