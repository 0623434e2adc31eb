"""Reading the bundled sample: one frozen record with bars, market, news and their provenance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from augury.market.bars import BAR_COLUMNS, bars_frame
from augury.market.news import NewsItem
from augury.sample.provenance import PROVENANCE, SECTORS, SPLITS, Split

__all__ = ["Sample", "load_sample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The bundled data.

    `bars` holds a frame per ticker and `market` the S&P 500, all keeping the Bars contract: raw prices (see `splits`),
    volume in shares, indexed by session date at 00:00 UTC. The session (09:30-16:00 New York) lies inside that UTC
    day, so a bar is known at the latest when the day ends. `news` is sorted by `known_at_ns`; its tickers are those of
    `bars` and `MARKET_TICKER`. News about FB begins before its listing, hence before its first bar.
    """

    bars: dict[str, pd.DataFrame]
    market: pd.DataFrame
    news: list[NewsItem]
    sectors: dict[str, str]
    splits: tuple[Split, ...]
    provenance: str


def load_sample() -> Sample:
    """Read the sample from the installed package; every call returns fresh frames and lists.

    No value is NaN; nothing is downloaded. What is known when is stated on `Sample`.

    >>> sample = load_sample()
    >>> sorted(sample.bars)
    ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']
    >>> round(float(sample.bars["AAPL"]["close"].iloc[-1]), 2)
    430.47
    """
    by_ticker = _read_bars("bars.parquet")
    (market,) = _read_bars("index.parquet").values()
    return Sample(
        bars=by_ticker,
        market=market,
        news=_read_headlines("headlines.jsonl"),
        sectors=dict(SECTORS),
        splits=SPLITS,
        provenance=PROVENANCE,
    )


def _read_bars(name: str) -> dict[str, pd.DataFrame]:
    with as_file(files("augury.sample") / name) as path:
        table = pq.read_table(path)
    tickers = np.asarray(table["ticker"].to_pylist())
    opened_at = table["session"].to_numpy().astype("datetime64[ns]").view(np.int64)
    matrix = np.stack([table[column].to_numpy().astype(np.float64) for column in BAR_COLUMNS])
    frames = {}
    for ticker in dict.fromkeys(tickers.tolist()):
        rows = tickers == ticker
        frames[ticker] = bars_frame(opened_at[rows], np.ascontiguousarray(matrix[:, rows]))
    return frames


def _read_headlines(name: str) -> list[NewsItem]:
    text = (files("augury.sample") / name).read_text(encoding="utf-8")
    news = [_news_item(json.loads(line)) for line in text.splitlines()]
    return sorted(news, key=lambda item: (item.known_at_ns, item.published_at_ns, item.ticker, item.text))


def _news_item(record: dict[str, str]) -> NewsItem:
    return NewsItem(
        ticker=record["ticker"],
        text=record["text"],
        published_at_ns=_nanoseconds(record["published_at"]),
        known_at_ns=_nanoseconds(record["known_at"]),
        source=record["source"],
    )


def _nanoseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) * 10**9
