"""What is said about news that leaves sentiment unknown."""

from __future__ import annotations

import pandas as pd

from augury.market import NewsItem
from augury.operations.news_notes import news_notes


def _bars(last: str) -> pd.DataFrame:
    index = pd.date_range(end=last, periods=200, freq="D", tz="UTC", unit="ns")
    return pd.DataFrame({"close": 1.0}, index=index)


def _item(ticker: str, day: str) -> NewsItem:
    at = int(pd.Timestamp(day, tz="UTC").as_unit("ns").value)
    return NewsItem(ticker=ticker, text="Profit beats estimates", published_at_ns=at, known_at_ns=at)


UNIVERSE = {"AAPL": _bars("2018-02-07"), "MSFT": _bars("2018-02-07")}


def test_nothing_is_said_when_every_ticker_has_recent_news() -> None:
    assert news_notes(UNIVERSE, [_item("AAPL", "2018-02-05"), _item("MSFT", "2018-02-06")]) == ()


def test_without_news_only_hold_can_come_out_and_that_is_said() -> None:
    (note,) = news_notes(UNIVERSE, [])
    assert "HOLD" in note
    assert "--news" in note


def test_news_about_other_tickers_names_them() -> None:
    (note,) = news_notes(UNIVERSE, [_item("ZZZZ", "2018-02-05")])
    assert "None of the 1 news items" in note
    assert "ZZZZ" in note


def test_tickers_without_news_are_counted() -> None:
    (note,) = news_notes(UNIVERSE, [_item("AAPL", "2018-02-05")])
    assert note.startswith("There is news about 1 of the 2 tickers")


def test_news_that_ended_long_before_the_bars_is_mentioned_with_both_days() -> None:
    (note,) = news_notes(UNIVERSE, [_item("AAPL", "2016-03-31"), _item("MSFT", "2016-01-01")])
    assert "ends 2016-03-31" in note
    assert "2018-02-07" in note


def test_news_that_begins_after_the_bars_is_mentioned_with_both_days() -> None:
    (note,) = news_notes(UNIVERSE, [_item("AAPL", "2019-03-31"), _item("MSFT", "2019-04-01")])
    assert "begins 2019-03-31" in note
    assert "2018-02-07" in note
