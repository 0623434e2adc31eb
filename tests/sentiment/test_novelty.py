"""Near-duplicate detection: recall on edits, false positives, equality with brute force, memory, snapshots."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market.news import NewsItem
from augury.sentiment.novelty import NoveltyFilter, NoveltySpec, words_of

HOUR = 3_600_000_000_000
VOCABULARY = [f"{stem}{number}" for stem in ("profit", "deal", "court", "chip", "oil", "rate") for number in range(500)]


def item(text: str, known_at_ns: int = 0, ticker: str = "X") -> NewsItem:
    return NewsItem(ticker=ticker, text=text, published_at_ns=known_at_ns, known_at_ns=known_at_ns)


def is_novel_after(first: str, second: str, spec: NoveltySpec | None = None) -> bool:
    seen = NoveltyFilter(spec)
    seen.update(item(first))
    return seen.update(item(second, 1))[0]


@pytest.mark.parametrize("length", [8, 12, 30])
def test_one_word_edits_are_found_at_every_length_unlike_with_simhash(length: int) -> None:
    rng = np.random.default_rng(length)
    found = 0
    for _ in range(300):
        words = list(rng.choice(VOCABULARY, length, replace=False))
        edited = list(words)
        edited[rng.integers(length)] = "edited"
        found += not is_novel_after(" ".join(words), " ".join(edited))
    assert found / 300 >= 0.99  # SimHash-64 within 6 bits: 0.19, 0.39, 0.83


def test_unrelated_texts_are_never_duplicates() -> None:
    rng = np.random.default_rng(0)
    seen = NoveltyFilter(NoveltySpec(stories=2000))
    texts = [" ".join(rng.choice(VOCABULARY[:400], rng.integers(6, 40))) for _ in range(1500)]
    assert all(seen.update(item(text, i))[0] for i, text in enumerate(texts))


def test_real_headlines_of_one_ticker_are_called_duplicates_only_when_they_are_alike() -> None:
    folder = os.environ.get("AUGURY_DATA")
    if folder is None:
        pytest.skip("AUGURY_DATA is not set: no real headlines")
    with gzip.open(Path(folder) / "text" / "sentfin_headlines_train.csv.gz", "rt") as file:
        texts = sorted({row["headline"] for row in csv.DictReader(file)})[::4]
    rng = np.random.default_rng(1)
    rng.shuffle(texts)
    seen = NoveltyFilter(NoveltySpec(stories=5000))
    duplicates = sum(not seen.update(item(text, i))[0] for i, text in enumerate(texts))
    assert duplicates / len(texts) <= 0.01


def test_the_first_telling_is_novel_and_an_exact_repeat_is_not() -> None:
    seen = NoveltyFilter()
    assert seen.update(item("Acme wins the contract")) == (True, 1.0)
    assert seen.update(item("ACME wins the contract!", 1)) == (False, 0.25)


def test_the_same_words_in_another_order_are_a_duplicate_only_in_short_texts() -> None:
    words = VOCABULARY[:60]
    assert is_novel_after(" ".join(words), " ".join(reversed(words)))
    assert not is_novel_after(" ".join(words[:10]), " ".join(reversed(words[:10])))


def test_tickers_do_not_share_stories() -> None:
    seen = NoveltyFilter()
    seen.update(item("Shares fall on weak demand", ticker="X"))
    assert seen.update(item("Shares fall on weak demand", 1, ticker="Y"))[0]


def test_a_story_is_new_again_after_the_horizon_of_its_first_telling() -> None:
    seen = NoveltyFilter(NoveltySpec(horizon_hours=72))
    text = "Acme hits a record high"
    answers = [seen.update(item(text, hour * HOUR))[0] for hour in (0, 71, 72, 73)]
    assert answers == [True, False, False, True]


def test_only_so_many_stories_are_remembered() -> None:
    seen = NoveltyFilter(NoveltySpec(stories=2))
    texts = ["alpha beta gamma", "delta epsilon zeta", "eta theta iota"]
    for i, text in enumerate(texts):
        seen.update(item(text, i))
    assert seen.update(item(texts[0], 9))[0]
    assert not seen.update(item(texts[2], 10))[0]


def test_a_chain_of_edits_of_edits_does_not_drift_away_from_the_first_telling() -> None:
    rng = np.random.default_rng(3)
    words = list(rng.choice(VOCABULARY, 12, replace=False))
    seen = NoveltyFilter()
    answers = []
    for i in range(12):
        answers.append(seen.update(item(" ".join(words), i))[0])
        words[i] = f"other{i}"
    assert answers[:3] == [True, False, False]
    assert answers.count(True) >= 3


def test_links_emoji_and_long_posts_are_handled() -> None:
    assert not is_novel_after("Acme up https://t.co/abc today", "Acme up https://t.co/xyz today")
    assert words_of("\U0001f680\U0001f680") == ["\U0001f680\U0001f680"]
    assert is_novel_after("\U0001f680", "\U0001f4c9")
    assert not is_novel_after("\udcff odd bytes", "\udcff odd bytes")
    assert not is_novel_after("word " * 20_000, "word " * 20_000)


class BruteForce:
    """The definition, readable: compare with every remembered story."""

    def __init__(self, spec: NoveltySpec) -> None:
        self.spec = spec
        self.stories: list[tuple[int, list[str]]] = []

    def update(self, news: NewsItem) -> bool:
        words = words_of(news.text)
        horizon = self.spec.horizon_hours * HOUR
        self.stories = [story for story in self.stories if story[0] >= news.known_at_ns - horizon]
        if any(self.alike(words, other) for _, other in self.stories):
            return False
        self.stories = [*self.stories, (news.known_at_ns, words)][-self.spec.stories :]
        return True

    def alike(self, first: list[str], second: list[str]) -> bool:
        size = 1 if min(len(first), len(second)) < self.spec.short_words else self.spec.shingle_words
        a = {tuple(first[i : i + size]) for i in range(max(1, len(first) - size + 1))}
        b = {tuple(second[i : i + size]) for i in range(max(1, len(second) - size + 1))}
        return len(a & b) / len(a | b) >= self.spec.similarity


def test_banded_look_up_answers_as_comparing_with_every_story_does() -> None:
    spec = NoveltySpec(stories=40, horizon_hours=100)
    rng = np.random.default_rng(5)
    fast, slow = NoveltyFilter(spec), BruteForce(spec)
    pool: list[list[str]] = []
    for i in range(1500):
        if pool and rng.random() < 0.6:
            words = list(pool[rng.integers(max(0, len(pool) - 30), len(pool))])
            for _ in range(rng.integers(0, 5)):
                words[rng.integers(len(words))] = str(rng.choice(VOCABULARY))
        else:
            words = list(rng.choice(VOCABULARY, rng.integers(3, 50)))
        pool.append(words)
        news = item(" ".join(words), i * HOUR)
        assert fast.update(news)[0] == slow.update(news), i


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), min_size=1, max_size=6), max_size=25
    ),
    cut=st.integers(0, 25),
)
def test_a_restored_filter_continues_with_the_same_answers(texts: list[list[str]], cut: int) -> None:
    items = [item(" ".join(words), i * HOUR, ticker="XY"[i % 2]) for i, words in enumerate(texts)]
    whole = NoveltyFilter(NoveltySpec(stories=4, horizon_hours=9))
    expected = [whole.update(news) for news in items]
    first = NoveltyFilter(NoveltySpec(stories=4, horizon_hours=9))
    answers = [first.update(news) for news in items[:cut]]
    second = NoveltyFilter(NoveltySpec(stories=4, horizon_hours=9))
    second.restore(first.snapshot())
    answers += [second.update(news) for news in items[cut:]]
    assert answers == expected
    assert second.snapshot() == whole.snapshot()


def test_snapshots_of_other_options_and_damaged_ones_are_refused() -> None:
    snapshot = NoveltyFilter(NoveltySpec(stories=5)).snapshot()
    with pytest.raises(InvalidInput, match="same options"):
        NoveltyFilter().restore(snapshot)
    with pytest.raises(InvalidInput, match="not a snapshot"):
        NoveltyFilter().restore(b"\x00nonsense")
