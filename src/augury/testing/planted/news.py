"""News used before it was known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]


def _closes(bars: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(bars.index) + pd.Timedelta(hours=1)


def _latest(bars: pd.DataFrame, news: pd.DataFrame, clock: str) -> FloatVector:
    """The score of the last item before each close by one of its clocks."""
    times = pd.DatetimeIndex(news[clock])
    order = times.argsort(kind="stable")
    place = times[order].searchsorted(_closes(bars), side="right")
    scores: FloatVector = np.append(np.nan, news["score"].to_numpy(dtype=np.float64)[order])
    return scores[place]


def _nearest(bars: pd.DataFrame, news: pd.DataFrame) -> FloatVector:
    """The score of the item nearest in time to each close."""
    if not len(news):
        return np.full(len(bars), np.nan)
    known = pd.DatetimeIndex(news["known_at"]).as_unit("ns").asi8
    distance = np.abs(_closes(bars).as_unit("ns").asi8[:, None] - known[None, :])
    scores: FloatVector = news["score"].to_numpy(dtype=np.float64)[distance.argmin(axis=1)]
    return scores


def _count_of_text(bars: pd.DataFrame, news: pd.DataFrame, so_far: bool) -> Any:
    """How often the latest item's text was seen: so far, or in the whole file."""
    times = news.groupby("text").cumcount() + 1 if so_far else news.groupby("text")["text"].transform("size")
    return _latest(bars, news.assign(score=times.astype("float64")), "known_at")


def _scored(bars: pd.DataFrame, news: pd.DataFrame, centre: Any, spread: Any) -> Any:
    return _latest(bars, news.assign(score=(news["score"] - centre) / spread), "known_at")


def _decayed(bars: pd.DataFrame, news: pd.DataFrame, future: bool) -> FloatVector:
    """Scores weighted by their distance in time from each close, on one side or on both."""
    closes = _closes(bars).as_unit("ns").asi8[:, None]
    ages = (closes - pd.DatetimeIndex(news["known_at"]).as_unit("ns").asi8[None, :]) / 3.6e12
    weights = np.exp(-np.abs(ages) / 6.0)
    if not future:
        weights = np.where(ages >= 0.0, weights, 0.0)
    scores = news["score"].to_numpy()
    return np.array([float(np.sum(row[row > 0.0] * scores[row > 0.0])) for row in weights])


def _of_the_day(bars: pd.DataFrame, news: pd.DataFrame, lag_days: int) -> Any:
    """The mean score of a date, given to the bars of that date or of the next."""
    dates = pd.DatetimeIndex(news["known_at"]).floor("1D")
    daily = news["score"].groupby(dates).mean()
    return daily.reindex(pd.DatetimeIndex(bars.index).floor("1D") - pd.Timedelta(days=lag_days)).to_numpy()


TWINS = (
    Twins(
        name="news_by_publication_time",
        mistake="items joined by when they say they were published, not by when they were known",
        takes="news",
        leaky=lambda bars, news: _latest(bars, news, "published_at"),
        clean=lambda bars, news: _latest(bars, news, "known_at"),
    ),
    Twins(
        name="nearest_news",
        mistake="the nearest item in time, before or after",
        takes="news",
        leaky=_nearest,
        clean=lambda bars, news: _latest(bars, news, "known_at"),
    ),
    Twins(
        name="news_scores_standardised_over_everything",
        mistake="scores standardised with the mean and deviation of all items",
        takes="news",
        leaky=lambda bars, news: _scored(bars, news, news["score"].mean(), news["score"].std()),
        clean=lambda bars, news: _scored(
            bars, news, news["score"].expanding(2).mean().shift(1), news["score"].expanding(2).std().shift(1) + 0.1
        ),
    ),
    Twins(
        name="novelty_over_everything",
        mistake="a text counts as a repeat because it appears again later",
        takes="news",
        leaky=lambda bars, news: _count_of_text(bars, news, so_far=False),
        clean=lambda bars, news: _count_of_text(bars, news, so_far=True),
    ),
    Twins(
        name="news_decay_on_both_sides",
        mistake="weights that fade with the distance in time, whichever direction",
        takes="news",
        leaky=lambda bars, news: _decayed(bars, news, future=True),
        clean=lambda bars, news: _decayed(bars, news, future=False),
    ),
    Twins(
        name="news_of_the_day",
        mistake="the mean score of a date given to every bar of that date",
        takes="news",
        leaky=lambda bars, news: _of_the_day(bars, news, 0),
        clean=lambda bars, news: _of_the_day(bars, news, 1),
    ),
)
