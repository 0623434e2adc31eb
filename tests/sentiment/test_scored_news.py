"""Preparation: canonical order, equality of batch and stream, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.sentiment.scored_news import ScoredNewsStream, canonical_key, prepare

PROBABILITIES = np.array([[0.7, 0.1, 0.2]])


def item(known_at_ns: int, ticker: str = "X", text: str = "Acme lifts its outlook", source: str = "wire") -> NewsItem:
    return NewsItem(ticker=ticker, text=text, published_at_ns=0, known_at_ns=known_at_ns, source=source)


ITEMS = st.lists(
    st.builds(
        item,
        known_at_ns=st.integers(0, 5),
        ticker=st.sampled_from(["A", "B", "C"]),
        text=st.sampled_from(["up we go", "up we went", "down it falls again", "flat"]),
        source=st.sampled_from(["wire", "social"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, seed=st.integers(0, 1000))
def test_the_order_in_which_items_are_passed_does_not_matter(items: list[NewsItem], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet([1, 1, 1], len(items)).reshape(-1, 3)
    news = prepare(items, rows)
    shuffle = rng.permutation(len(items))
    again = prepare([items[i] for i in shuffle], rows[shuffle])
    for name in ("tickers", "ticker_codes", "known_at_ns", "score", "weight", "novel"):
        assert np.array_equal(getattr(news, name), getattr(again, name)), name


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, cut=st.integers(0, 12))
def test_the_stream_gives_what_the_batch_gives_also_when_restored(items: list[NewsItem], cut: int) -> None:
    rows = np.random.default_rng(len(items)).dirichlet([1, 1, 1], len(items)).reshape(-1, 3)
    news = prepare(items, rows)
    stream = ScoredNewsStream()
    order = sorted(range(len(items)), key=lambda i: canonical_key(items[i], rows[i]))
    assert news.item_index.tolist() == order
    for place, i in enumerate(order):
        if place == cut:
            saved, stream = stream.snapshot(), ScoredNewsStream()
            stream.restore(saved)
        scored = stream.update(items[i], rows[i])
        assert scored.ticker == news.tickers[news.ticker_codes[place]]
        assert (scored.known_at_ns, scored.score, scored.weight, scored.novel) == (
            news.known_at_ns[place],
            news.score[place],
            news.weight[place],
            news.novel[place],
        )


def test_no_items_give_no_news() -> None:
    news = prepare([], np.empty((0, 3)))
    assert len(news) == 0
    assert news.code_of("X") == -1


def test_a_ticker_is_found_by_name_and_an_absent_one_is_not() -> None:
    news = prepare([item(1, "B"), item(2, "D")], np.repeat(PROBABILITIES, 2, axis=0))
    assert [news.code_of(name) for name in "ABCDE"] == [-1, 0, -1, 1, -1]


@pytest.mark.parametrize(
    "rows",
    [[[0.5, 0.5]], [[0.5, 0.6, 0.2]], [[-0.1, 0.9, 0.2]], [[np.nan, 0.5, 0.5]], [[0.2, 0.3, 0.5]] * 2],
)
def test_probabilities_that_are_none_are_refused(rows: list[list[float]]) -> None:
    with pytest.raises(InvalidInput, match="probabilities"):
        prepare([item(1)], np.array(rows))


def test_the_stream_refuses_an_item_known_before_one_it_has_judged() -> None:
    stream = ScoredNewsStream()
    stream.update(item(5), PROBABILITIES[0])
    stream.update(item(4, "Y"), PROBABILITIES[0])
    with pytest.raises(LookAheadError, match="became known"):
        stream.update(item(4), PROBABILITIES[0])


def test_a_snapshot_of_something_else_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not a snapshot"):
        ScoredNewsStream().restore(b"\xc1")
