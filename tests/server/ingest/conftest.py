"""Bars, clocks and sources for the tests of loading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.errors import NotFound, Unavailable
from augury.market.bars import bar_arrays
from augury.market.sources.window import Window, bars_within

START = dt.datetime(2024, 6, 3, 12, 0, tzinfo=dt.UTC)


def bars_of(count: int = 40, *, start: str = "2024-01-01", seed: int = 1, freq: str = "B") -> pd.DataFrame:
    """A random walk of sound bars."""
    rng = np.random.default_rng(seed)
    index = pd.date_range(start, periods=count, freq=freq, tz="UTC", name="timestamp").as_unit("ns")
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, count)))
    opens = np.concatenate(([100.0], closes[:-1]))
    high, low = np.maximum(opens, closes) * 1.003, np.minimum(opens, closes) * 0.997
    volume = rng.integers(1_000, 9_000, count).astype(float)
    return pd.DataFrame({"open": opens, "high": high, "low": low, "close": closes, "volume": volume}, index=index)


@dataclass
class Clock:
    """A clock that tests move."""

    moment: dt.datetime = START

    def __call__(self) -> dt.datetime:
        return self.moment

    def forward(self, **length: float) -> dt.datetime:
        self.moment += dt.timedelta(**length)
        return self.moment

    @property
    def ns(self) -> int:
        return int(pd.Timestamp(self.moment).as_unit("ns").value)


@dataclass
class Vendor:
    """A source whose bars tests change; it remembers what it was asked, and is away as often as it is told."""

    held: dict[str, pd.DataFrame]
    away: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    name: str = "vendor"

    def fetch(self, symbol: str, timeframe: Any, start: Any, end: Any, *, now: Any = None) -> pd.DataFrame:
        window = Window.of(symbol, timeframe, start, end, now)
        self.asked.append((symbol, start, end))
        if self.away.get(symbol, 0) > 0:
            self.away[symbol] -= 1
            raise Unavailable("vendor: does not answer")
        if symbol not in self.held:
            raise NotFound(f"vendor: no symbol {symbol!r}")
        arrays = bar_arrays(self.held[symbol])
        return bars_within(self.name, window, arrays.opened_at, arrays.matrix)


@pytest.fixture
def make_bars() -> Callable[..., pd.DataFrame]:
    return bars_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor() -> Callable[..., Vendor]:
    return Vendor


@pytest.fixture
def quick_retries(platform: Any) -> Iterator[None]:
    """No waiting between attempts."""
    ingest = platform.settings.ingest
    object.__setattr__(platform.settings, "ingest", ingest.model_copy(update={"retry_wait_seconds": 0.0}))
    yield
    object.__setattr__(platform.settings, "ingest", ingest)
