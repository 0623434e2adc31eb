"""Bars and news in a platform's database, for the tests of the signal service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.market import NewsItem
from augury.sample import MARKET_TICKER, load_sample

DAY_NS = 86_400 * 10**9


def _rule(code: str, kind: str, test: str, risk: str) -> dict[str, Any]:
    when = [{"input": "sentiment_mean", "test": test, "threshold": 0.0}]
    return {"code": code, "signal_type": kind, "when": when, "score": 0.7, "risk_level": risk}


MOOD = {"rules": {"rules": [_rule("GOOD", "BUY", "above", "LOW"), _rule("BAD", "SELL", "below", "HIGH")]}}
"""Options whose rules follow the mood of the news: every type of signal is common."""


def made_bars(seed: int, size: int, *, start: str = "2024-01-01") -> pd.DataFrame:
    """Daily bars of a random walk that trends and jumps, on weekdays."""
    rng = np.random.default_rng(seed)
    index = pd.bdate_range(start, periods=size, tz="UTC", name="timestamp").as_unit("ns")
    returns = rng.normal(0.0004, 0.012, size) * rng.choice([1.0, 1.0, 1.0, 3.0], size)
    close = 50.0 * np.exp(np.cumsum(returns))
    opens = close * np.exp(rng.normal(0, 0.004, size))
    high = np.maximum(opens, close) * (1 + np.abs(rng.normal(0, 0.005, size)))
    low = np.minimum(opens, close) * (1 - np.abs(rng.normal(0, 0.005, size)))
    volume = rng.integers(1_000, 9_000, size).astype(float)
    return pd.DataFrame({"open": opens, "high": high, "low": low, "close": close, "volume": volume}, index=index)


def made_news(tickers: list[str], bars: pd.DataFrame, seed: int = 0) -> list[NewsItem]:
    """A few headlines a day, known when they appeared."""
    rng = np.random.default_rng(seed)
    words = ("beats estimates and raises guidance", "plunges after fraud probe", "opens an office", "wins huge order")
    items = []
    for opened in bars.index.asi8:
        for ticker in tickers:
            if rng.random() < 0.5:
                at = int(opened) + int(rng.integers(0, DAY_NS))
                text = f"{ticker} {words[rng.integers(0, len(words))]} {rng.integers(0, 10**6)}"
                items.append(NewsItem(ticker=ticker, text=text, published_at_ns=at, known_at_ns=at, source="wire"))
    return items


def at_ns(moment: str) -> int:
    return int(pd.Timestamp(moment, tz="UTC").value)


def clock(moment: str) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: pd.Timestamp(moment, tz="UTC").to_pydatetime()


@pytest.fixture
def tools() -> Any:
    """The makers above, for tests that import nothing from here."""

    class Tools:
        bars = staticmethod(made_bars)
        news = staticmethod(made_news)
        ns = staticmethod(at_ns)
        clock = staticmethod(clock)
        load = staticmethod(load_universe)
        day_ns = DAY_NS
        mood = MOOD
        utc = UTC

    return Tools


def load_universe(
    frames: dict[str, pd.DataFrame], news: list[NewsItem] | None = None, *, name: str = "all", **options: Any
) -> None:
    """Store bars as if they had been followed since they were made, news, and a universe of the symbols."""
    from augury_server.ingest.database_bars import DatabaseBars
    from augury_server.ingest.stored_news import store_news
    from augury_server.signals.universes import NewUniverse, add_universe

    store = DatabaseBars()
    for symbol, frame in frames.items():
        store.append(symbol, "1D", frame)
    store_news(news or [])
    settings = {"timeframe": "1D", "symbols": tuple(frames), "sentiment_model": "lexicon", "horizons": (1, 5)}
    add_universe(NewUniverse(name=name, **{**settings, **options}), by="ada")


@pytest.fixture(scope="session")
def sample() -> Any:
    """The bundled sample, its last 700 days: enough for every feature."""
    whole = load_sample()
    frames = {ticker: bars.iloc[-700:] for ticker, bars in whole.bars.items()}
    first = min(int(frame.index.asi8[0]) for frame in frames.values())
    news = [item for item in whole.news if item.known_at_ns >= first]

    class Sample:
        bars = frames
        sectors = whole.sectors
        market = MARKET_TICKER

    Sample.news = news
    return Sample
