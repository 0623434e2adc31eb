"""News in the database: each item once, as known at a moment, text as it came."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market import NewsItem
from augury_server.ingest.models import News
from augury_server.ingest.stored_news import store_news, stored_news

SHARED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60)
ITEM = st.builds(
    lambda ticker, text, published, delay, source: NewsItem(
        ticker=ticker, text=text, published_at_ns=published, known_at_ns=published + delay, source=source
    ),
    st.sampled_from(["AAPL", "MSFT", "日経"]),
    TEXT,
    st.integers(0, 50),
    st.integers(0, 30),
    st.sampled_from(["", "wire"]),
)


@given(items=st.lists(ITEM, max_size=25), start=st.integers(0, 40), end=st.integers(41, 90), known=st.integers(0, 90))
@SHARED
def test_items_come_back_as_they_were_known(
    platform: Any, items: list[NewsItem], start: int, end: int, known: int
) -> None:
    News.objects.all().delete()
    first = {item.id: item for item in reversed(items)}
    assert store_news(items) == len(first)
    assert store_news(items) == 0
    order = sorted(first.values(), key=lambda item: item.known_at_ns)
    assert sorted(stored_news(), key=repr) == sorted(order, key=repr)
    assert [item.known_at_ns for item in stored_news()] == [item.known_at_ns for item in order]
    asked = stored_news(["AAPL", "日経"], start, end, known)
    wanted = [
        item
        for item in order
        if item.ticker != "MSFT" and start <= item.known_at_ns < end and item.known_at_ns <= known
    ]
    assert sorted(asked, key=repr) == sorted(wanted, key=repr)


def test_an_item_seen_again_later_keeps_the_time_at_which_it_was_first_known(platform: Any) -> None:
    item = NewsItem(ticker="AAPL", text="x", published_at_ns=1, known_at_ns=5, source="wire")
    again = NewsItem(ticker="AAPL", text="x", published_at_ns=1, known_at_ns=2, source="wire")
    assert store_news([item, again]) == 1
    assert store_news([again]) == 0
    assert stored_news() == (item,)


def test_reading_is_one_query_whatever_there_is(platform: Any) -> None:
    store_news(NewsItem(ticker="A", text=str(at), published_at_ns=at, known_at_ns=at) for at in range(300))
    with CaptureQueriesContext(connection) as captured:
        assert len(stored_news(["A"], 100, 200)) == 100
    assert len(captured) == 1


def test_what_cannot_be_stored_is_refused_and_nothing_of_the_batch_is_kept(platform: Any) -> None:
    good = NewsItem(ticker="A", text="good", published_at_ns=1, known_at_ns=1)
    for text in ("zero \0 byte", "half \ud83d pair"):
        bad = NewsItem(ticker="A", text=text, published_at_ns=1, known_at_ns=1)
        with pytest.raises(InvalidInput, match="text should be"):
            store_news([good, bad])
    assert stored_news() == ()
    with pytest.raises(InvalidInput, match="several tickers"):
        stored_news("A")
    with pytest.raises(InvalidInput, match="start should be before end"):
        stored_news(["A"], 5, 5)
