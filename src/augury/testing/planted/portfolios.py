"""Portfolios that know who will survive, who will win and what will be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]


def _closes(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.DataFrame({ticker: bars["close"] for ticker, bars in universe.items()})


def _weights(closes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Shares brought to a sum of 1 in each row; 0 for who has none, unknown for who does not trade."""
    whole = shares.sum(axis=1).replace(0.0, np.nan)
    return shares.div(whole, axis="index").fillna(0.0).where(closes.notna())


def _equal_weights(closes: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    return _weights(closes, members.astype("float64"))


def _survivors(closes: pd.DataFrame) -> pd.DataFrame:
    return _equal_weights(closes, closes.notna() & closes.iloc[-1].notna())


def _without_losers(closes: pd.DataFrame) -> pd.DataFrame:
    """Tickers with a gap anywhere are dropped: the delisted, as a rule the losers."""
    kept = closes.dropna(axis=1).reindex(columns=closes.columns)
    return _equal_weights(closes, kept.notna())


def _strongest(closes: pd.DataFrame, change: pd.DataFrame | pd.Series[Any]) -> pd.DataFrame:
    """Equal weights in the tickers that changed more than the middle one of those that trade."""
    if isinstance(change, pd.Series):
        better = closes.notna() & (change > change.median())
    else:
        better = change.gt(change.median(axis=1), axis="index")
    return _equal_weights(closes, better)


def _inverse_volatility(closes: pd.DataFrame, whole: bool) -> pd.DataFrame:
    changes = closes.pct_change(fill_method=None)
    spread = changes.std() if whole else changes.rolling(20).std()
    return _weights(closes, closes.notna().astype("float64") / spread)


def _latest_score(bars: pd.DataFrame, news: pd.DataFrame, clock: str) -> FloatVector:
    """The score of the last headline before each close by one of its clocks; 0 before the first."""
    times = pd.DatetimeIndex(news[clock])
    order = times.argsort(kind="stable")
    place = times[order].searchsorted(pd.DatetimeIndex(bars.index) + pd.Timedelta(hours=1), side="right")
    scores: FloatVector = np.append(0.0, news["score"].to_numpy(dtype=np.float64)[order])
    return scores[place]


def _by_headline(bars: pd.DataFrame, news: pd.DataFrame, clock: str) -> FloatVector:
    """Long after a good headline."""
    return np.asarray(_latest_score(bars, news, clock) > 0.0, dtype=np.float64)


def _unusual_mood(bars: pd.DataFrame, news: pd.DataFrame, whole: bool) -> FloatVector:
    """As much as the last headline is better than the mean of all, or of those known before it."""
    ordered = news.sort_values("known_at", kind="stable")
    scores = ordered["score"].astype("float64")
    usual = scores.mean() if whole else scores.expanding().mean().shift(1)
    better = ((scores - usual) / 2.0).fillna(0.0).clip(-1.0, 1.0)
    return _latest_score(bars, ordered.assign(score=better), "known_at")


TWINS = (
    Twins(
        name="portfolio_of_survivors",
        mistake="equal weights in those that still trade at the end",
        takes="universe",
        leaky=lambda universe: _survivors(_closes(universe)),
        clean=lambda universe: _equal_weights(_closes(universe), _closes(universe).notna()),
    ),
    Twins(
        name="portfolio_without_losers",
        mistake="tickers with missing prices dropped by dropna, which removes the delisted",
        takes="universe",
        leaky=lambda universe: _without_losers(_closes(universe)),
        clean=lambda universe: _equal_weights(_closes(universe), _closes(universe).notna()),
    ),
    Twins(
        name="portfolio_of_final_winners",
        mistake="a watch list of those that rose most over the sample",
        takes="universe",
        leaky=lambda universe: _strongest(
            _closes(universe), _closes(universe).ffill().iloc[-1] / _closes(universe).bfill().iloc[0]
        ),
        clean=lambda universe: _strongest(_closes(universe), _closes(universe).pct_change(20, fill_method=None)),
    ),
    Twins(
        name="ranking_one_bar_early",
        mistake="tickers ranked by the return of the bar in which they are held",
        takes="universe",
        leaky=lambda universe: _strongest(_closes(universe), _closes(universe).pct_change(fill_method=None).shift(-1)),
        clean=lambda universe: _strongest(_closes(universe), _closes(universe).pct_change(fill_method=None)),
        lag_bars=1,
    ),
    Twins(
        name="weights_from_whole_volatility",
        mistake="risk parity with the volatilities of the whole sample",
        takes="universe",
        leaky=lambda universe: _inverse_volatility(_closes(universe), whole=True),
        clean=lambda universe: _inverse_volatility(_closes(universe), whole=False),
    ),
    Twins(
        name="headline_traded_at_its_date",
        mistake="a headline traded from the time it is stamped with, before it was delivered",
        takes="news",
        leaky=lambda bars, news: _by_headline(bars, news, "published_at"),
        clean=lambda bars, news: _by_headline(bars, news, "known_at"),
    ),
    Twins(
        name="mood_against_all_headlines",
        mistake="a headline is as good as it is better than the mean of all that were ever written",
        takes="news",
        leaky=lambda bars, news: _unusual_mood(bars, news, whole=True),
        clean=lambda bars, news: _unusual_mood(bars, news, whole=False),
    ),
)
