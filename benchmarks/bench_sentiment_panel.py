"""Time of the sentiment aggregation: preparation, accumulation, panels of 500 tickers by 500 bars, the stream."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from augury.market.news import NewsItem
from augury.sentiment.panel import AccumulatedNews, accumulate, panel_of
from augury.sentiment.panel_stream import SentimentStream
from augury.sentiment.scored_news import prepare
from augury.sentiment.snapshot import snapshot
from timing import sized

DAY_NS = 86_400_000_000_000
TICKERS = [f"T{number:03d}" for number in range(500)]
SECTORS = {ticker: f"sector {number % 11}" for number, ticker in enumerate(TICKERS)}
CLOSES = np.arange(1, 501, dtype=np.int64) * DAY_NS
DOCUMENTS = sized(20_000, 2_000)


def headlines(seed: int = 7) -> tuple[list[NewsItem], np.ndarray]:
    rng = np.random.default_rng(seed)
    vocabulary = np.array([f"word{number}" for number in range(3000)])
    words = vocabulary[rng.integers(0, 3000, (DOCUMENTS, 10))]
    known = np.sort(rng.integers(0, CLOSES[-1], DOCUMENTS))
    tickers = rng.integers(0, len(TICKERS), DOCUMENTS)
    items = [
        NewsItem(
            ticker=TICKERS[tickers[i]],
            text=" ".join(words[i]),
            published_at_ns=int(known[i]),
            known_at_ns=int(known[i]),
            source="wire",
        )
        for i in range(DOCUMENTS)
    ]
    return items, rng.dirichlet([1, 1, 1], DOCUMENTS)


def line(name: str, seconds: float, count: int, note: str) -> dict[str, Any]:
    return {"name": name, "ours_us": seconds / count * 1e6, "note": note}


def panels(accumulated: AccumulatedNews, tail: int | None) -> float:
    best = np.inf
    for _ in range(3):
        started = time.perf_counter()
        for ticker in TICKERS[:: 1 if tail else 10]:
            panel_of(accumulated, ticker, CLOSES, tail=tail)
        best = min(best, time.perf_counter() - started)
    return best


def streamed(items: list[NewsItem], rows: np.ndarray, bars: int = 30) -> float:
    stream = SentimentStream(sectors=SECTORS)
    document, spent = 0, np.inf
    for close in CLOSES[:bars].tolist():
        while document < len(items) and items[document].known_at_ns <= close:
            stream.on_news(items[document], rows[document])
            document += 1
        stream.on_bar(TICKERS[0], close)  # applies the waiting news
        started = time.perf_counter()
        for ticker in TICKERS[1:]:
            stream.on_bar(ticker, close)
        spent = min(spent, time.perf_counter() - started)
    return spent


def run() -> list[dict[str, Any]]:
    """One row per part: name, ours_us (microseconds each), note."""
    items, rows = headlines()
    started = time.perf_counter()
    news = prepare(items, rows)
    prepared = time.perf_counter() - started
    accumulate(news, SECTORS)
    started = time.perf_counter()
    accumulated = accumulate(news, SECTORS)
    summed = time.perf_counter() - started
    started = time.perf_counter()
    for ticker in TICKERS[:20]:
        snapshot(news, ticker, int(CLOSES[-1]))
    direct = time.perf_counter() - started
    return [
        line("news document prepared", prepared, DOCUMENTS, "order, duplicates, weight"),
        line("news document accumulated", summed, DOCUMENTS, "ticker, market and sector sums"),
        line("sentiment of a ticker, last bar of 500", panels(accumulated, 1), 500, "500 tickers; bound 100 us"),
        line("sentiment of a ticker, every bar", panels(accumulated, None), 50 * 500, "per bar of 500"),
        line("sentiment of a streamed bar", streamed(items, rows), 499, "bound 200 us"),
        line("one snapshot from the documents", direct, 20, f"scans {DOCUMENTS} documents: the readable version"),
    ]


if __name__ == "__main__":
    for entry in run():
        print(f"{entry['name']:45s} {entry['ours_us']:10.2f} us  {entry['note']}")
