"""Signal engine: one signal, a universe, a live stream."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from augury.market.news import NewsItem
from augury.sample import load_sample
from augury.signals import SignalEngine, replay_events
from timing import sized

TICKERS, BARS = sized(500, 40), 500


def median_us(action: Callable[[int], object], repeats: int) -> float:
    """Median time of one call in microseconds; the call gets its number, so that it can use fresh input."""
    times = []
    for i in range(repeats):
        started = time.perf_counter()
        action(i)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def universe_of(seed: int) -> tuple[dict[str, pd.DataFrame], list[NewsItem]]:
    """500 tickers of 500 bars cut from the real sample at random places, rescaled; 20 headlines for each."""
    rng = np.random.default_rng(seed)
    sample = load_sample()
    sources = [frame for frame in sample.bars.values() if len(frame) > BARS + 1]
    index = sources[0].index[-BARS:]
    texts = [item.text for item in sample.news]
    universe, news = {}, []
    for number in range(TICKERS):
        frame = sources[int(rng.integers(len(sources)))]
        start = int(rng.integers(len(frame) - BARS))
        cut = frame.iloc[start : start + BARS].copy()
        cut.iloc[:, :4] *= float(rng.uniform(0.5, 2.0))
        cut.index = index
        ticker = f"T{number:03d}"
        universe[ticker] = cut
        for _ in range(20):
            at = int(rng.integers(index.asi8[200], index.asi8[-1]))
            text = texts[int(rng.integers(len(texts)))]
            news.append(
                NewsItem(ticker=ticker, text=text, published_at_ns=at, known_at_ns=at + 60 * 10**9, source="wire")
            )
    return universe, news


def best_batch(universe: dict[str, pd.DataFrame], prepared: Any, workers: int) -> float:
    """Signals per second, the best of several fresh engines (an engine remembers; workers start in the first)."""
    best = 0.0
    for _ in range(sized(6, 1)):
        engine = SignalEngine()
        started = time.perf_counter()
        engine.generate_signals_batch(universe, prepared, workers=workers)
        best = max(best, len(universe) / (time.perf_counter() - started))
    return best


def run() -> list[dict[str, Any]]:
    universe, news = universe_of(7)
    engine = SignalEngine()
    prepared = engine.prepare_news(news)
    frames = list(universe.values())
    engine.generate_signal("T000", frames[0], prepared)
    single = median_us(lambda i: engine.generate_signal(f"T{i + 1:03d}", frames[i + 1], prepared), sized(300, 30))
    short = median_us(lambda i: engine.generate_signal(f"T{i:03d}", frames[i].iloc[-300:], prepared), sized(300, 30))
    one = best_batch(universe, prepared, 1)
    two = best_batch(universe, prepared, 2)
    large = {f"{ticker}{copy}": frame for copy in range(4) for ticker, frame in universe.items()}
    large_one, large_two = best_batch(large, prepared, 1), best_batch(large, prepared, 2)
    few = dict(list(universe.items())[:4])
    events = replay_events(few, [item for item in news if item.ticker in few], "1D")
    stream = engine.open_stream()
    times = []
    for event in events:
        if isinstance(event, NewsItem):
            stream.on_news(event)
            continue
        started = time.perf_counter()
        signal = stream.on_bar(event)
        if signal is not None:
            times.append(time.perf_counter() - started)
    return [
        {
            "name": "generate_signal, 500 bars, sentiment cached, median",
            "measured": f"{single / 1e3:.3f} ms",
            "bound": "1 ms",
        },
        {
            "name": "generate_signal, 300 bars, sentiment cached, median",
            "measured": f"{short / 1e3:.3f} ms",
            "bound": "1 ms",
        },
        {
            "name": f"batch of {TICKERS} tickers, one process, best of 6",
            "measured": f"{one:,.0f} signals/s",
            "bound": "2,000 signals/s",
        },
        {
            "name": f"batch of {TICKERS} tickers, two processes ({os.cpu_count()} cores), best of 6",
            "measured": f"{two:,.0f} signals/s",
            "bound": f"{two / one:.2f} x one process",
        },
        {
            "name": f"batch of {len(large):,} tickers, two processes ({os.cpu_count()} cores), best of 6",
            "measured": f"{large_two:,.0f} signals/s",
            "bound": f"{large_two / large_one:.2f} x one process",
        },
        {"name": "streamed bar, median", "measured": f"{statistics.median(times) * 1e3:.3f} ms", "bound": "0.2 ms"},
        {"name": "streamed bar, 99th percentile", "measured": f"{np.quantile(times, 0.99) * 1e3:.3f} ms", "bound": "-"},
    ]
