"""Ways to change the news that becomes known after a moment, whenever it says it was published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury.errors import InvalidNews
from augury.market.news import NewsItem

__all__ = ["NEWS_CHANGES", "News", "NewsChange", "news_frame", "news_like"]

News: TypeAlias = pd.DataFrame | Sequence[NewsItem]
NewsChange: TypeAlias = Callable[[pd.DataFrame, pd.Timestamp, np.random.Generator], pd.DataFrame]
_TEXTS = (
    "Record profit, guidance raised, shares soar",
    "Bankruptcy filing after accounting fraud, shares collapse",
    "Takeover bid at a large premium",
    "Regulator fines the company, chief executive resigns",
    "Annual meeting date announced",
)


def news_frame(news: News) -> pd.DataFrame:
    """The items as a frame in order of `known_at`. Raises InvalidNews when a frame has no time column `known_at`."""
    if isinstance(news, pd.DataFrame):
        if "known_at" not in news or not pd.api.types.is_datetime64_any_dtype(news["known_at"].dtype):
            raise InvalidNews(f"expected a column known_at of times; got columns {list(news.columns)}")
        return news.sort_values("known_at", kind="stable").reset_index(drop=True)
    rows = [(n.ticker, n.text, n.published_at_ns, n.known_at_ns, n.source) for n in news]
    frame = pd.DataFrame(rows, columns=["ticker", "text", "published_at", "known_at", "source"])
    for name in ("published_at", "known_at"):
        frame[name] = pd.to_datetime(frame[name].astype("int64"), unit="ns", utc=True)
    return news_frame(frame)


def news_like(frame: pd.DataFrame, original: News) -> News:
    """The frame in the form of the original: a frame, or a tuple of items."""
    if isinstance(original, pd.DataFrame):
        return frame
    return tuple(
        NewsItem(
            ticker=str(row.ticker),
            text=str(row.text),
            published_at_ns=row.published_at.as_unit("ns").value,
            known_at_ns=row.known_at.as_unit("ns").value,
            source=str(row.source),
        )
        for row in _records(frame)
    )


def _records(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples(index=False))


def _scrambled(items: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Other texts, other numbers, other publication times (never after `known_at`)."""
    changed = items.copy()
    count = len(items)
    for name, kind in items.dtypes.items():
        if pd.api.types.is_bool_dtype(kind):
            changed[name] = rng.random(count) < 0.5
        elif pd.api.types.is_float_dtype(kind):
            changed[name] = 3.0 * rng.standard_normal(count)
    if "text" in items:
        changed["text"] = [_TEXTS[pick] for pick in rng.integers(0, len(_TEXTS), size=(count,))]
    if "published_at" in items:
        ages = pd.to_timedelta(rng.exponential(size=count) * 86_400e9, unit="ns")
        changed["published_at"] = (items["known_at"] - ages).astype(items["published_at"].dtype)
    return changed


def _join(kept: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    if not len(others):
        return kept.reset_index(drop=True)
    if not len(kept):
        return others.sort_values("known_at", kind="stable").reset_index(drop=True)
    return pd.concat([kept, others]).sort_values("known_at", kind="stable").reset_index(drop=True)


def remove(news: pd.DataFrame, cut: pd.Timestamp, _rng: np.random.Generator) -> pd.DataFrame:
    """Items known later never arrive."""
    return news.loc[news["known_at"] <= cut].reset_index(drop=True)


def rewrite(news: pd.DataFrame, cut: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """Items known later say something else and claim another publication time."""
    later = news["known_at"] > cut
    return _join(news.loc[~later], _scrambled(news.loc[later], rng))


def arrive_late(news: pd.DataFrame, cut: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """More items, published in the past for every item there is, become known only after the moment."""
    late = _scrambled(news.iloc[rng.permutation(len(news))[:200]], rng)
    if "published_at" in late and len(late):
        earlier = news["published_at"].loc[news["published_at"] <= cut]
        if len(earlier):
            picks = earlier.to_numpy()[rng.integers(0, len(earlier), size=(len(late),))]
            late["published_at"] = pd.DatetimeIndex(picks).astype(news["published_at"].dtype)
    delay = pd.to_timedelta(1 + (rng.exponential(size=len(late)) * 3_600e9).astype(np.int64), unit="ns")
    late["known_at"] = (cut + delay).astype(news["known_at"].dtype)
    if "published_at" in late:
        late["published_at"] = late["published_at"].where(late["published_at"] <= late["known_at"], late["known_at"])
    return _join(news, late)


def delay(news: pd.DataFrame, cut: pd.Timestamp, _rng: np.random.Generator) -> pd.DataFrame:
    """Items known later become known a week later still."""
    known = news["known_at"]
    moved = news.assign(known_at=known.where(known <= cut, known + pd.Timedelta(days=7)))
    return _join(moved.loc[known <= cut], moved.loc[known > cut])


NEWS_CHANGES: dict[str, NewsChange] = {
    "news_removed": remove,
    "news_rewritten": rewrite,
    "news_arrives_late": arrive_late,
    "news_delayed": delay,
}
