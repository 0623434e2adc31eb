"""Scores are kept by the text itself and the model's version, in memory and in a file."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput, Misconfigured
from augury.sentiment.lexicon import LexiconModel
from augury.sentiment.model import SentimentModel
from augury.sentiment.score_cache import CachedModel, ScoreCache, text_key


class CountingModel:
    """A stand-in model: the row depends on every character and on the version; it counts what it is asked."""

    name = "counting"
    training_cutoff = None

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.scored: list[str] = []

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        self.scored.extend(texts)
        raw = np.array(
            [[1 + (int.from_bytes(text_key(self.version + t)[k : k + 2])) for k in (0, 2, 4)] for t in texts]
        )
        return raw / raw.sum(axis=1, keepdims=True)


def test_a_cached_model_is_a_sentiment_model_and_gives_the_models_own_bits() -> None:
    model = CountingModel()
    cached = CachedModel(model)
    texts = ["profit up", "profit down", "profit up"]
    assert isinstance(cached, SentimentModel)
    assert np.array_equal(cached.score(texts), CountingModel().score(texts))
    assert model.scored == ["profit up", "profit down"]


def test_texts_of_equal_length_are_never_mistaken_for_each_other() -> None:
    cached = CachedModel(CountingModel())
    first, second = cached.score(["profit rises 10"]), cached.score(["profit falls 10"])
    assert not np.array_equal(first, second)
    assert np.array_equal(second, CountingModel().score(["profit falls 10"]))


def test_a_new_model_version_never_reads_the_old_scores() -> None:
    cache = ScoreCache()
    old, new = CachedModel(CountingModel("1"), cache), CachedModel(CountingModel("2"), cache)
    assert not np.array_equal(old.score(["same text"]), new.score(["same text"]))
    assert cache.statistics().misses == 2


def test_statistics_count_each_text_once_as_hit_or_miss() -> None:
    cached = CachedModel(CountingModel())
    assert math.isnan(cached.cache.statistics().hit_rate)
    cached.score(["a", "b"])
    cached.score(["a", "b", "c", "a"])
    statistics = cached.cache.statistics()
    assert (statistics.hits, statistics.misses, statistics.entries) == (3, 3, 3)
    assert statistics.hit_rate == 0.5


def test_memory_drops_the_least_recently_used_row_first() -> None:
    model = CountingModel()
    cached = CachedModel(model, ScoreCache(capacity=2))
    cached.score(["a", "b"])
    cached.score(["a"])
    cached.score(["c"])
    model.scored.clear()
    cached.score(["a", "c"])
    assert model.scored == []
    cached.score(["b"])
    assert model.scored == ["b"]


def test_a_batch_larger_than_the_memory_is_still_answered_whole() -> None:
    cached = CachedModel(CountingModel(), ScoreCache(capacity=1))
    texts = [f"text {number}" for number in range(50)]
    assert np.array_equal(cached.score(texts), CountingModel().score(texts))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text(min_size=1).filter(lambda text: not text.isspace()), max_size=6), max_size=6))
def test_any_sequence_of_calls_equals_the_uncached_model(calls: list[list[str]]) -> None:
    cached = CachedModel(CountingModel(), ScoreCache(capacity=3))
    for texts in calls:
        expected = CountingModel().score(texts) if texts else np.empty((0, 3))
        assert np.array_equal(cached.score(texts), expected)


def test_a_file_outlives_the_cache_and_keeps_every_bit(tmp_path: Path) -> None:
    texts = ["profit up", "emoji 🚀📉", "lone surrogate \ud83d"]
    with ScoreCache(path=tmp_path / "scores.sqlite") as cache:
        expected = CachedModel(CountingModel(), cache).score(texts)
    model = CountingModel()
    with ScoreCache(path=tmp_path / "scores.sqlite") as cache:
        assert np.array_equal(CachedModel(model, cache).score(texts), expected)
        assert cache.statistics().hits == 3
    assert model.scored == []


def test_threads_share_one_cache_without_losing_a_count(tmp_path: Path) -> None:
    texts = [f"headline {number}" for number in range(40)]
    expected = CountingModel().score(texts)
    wrong: list[int] = []
    with ScoreCache(capacity=15, path=tmp_path / "scores.sqlite") as cache:

        def work(start: int) -> None:
            cached = CachedModel(CountingModel(), cache)
            for turn in range(20):
                chosen = [(start * 7 + turn * 3 + step) % 40 for step in range(10)]
                if not np.array_equal(cached.score([texts[index] for index in chosen]), expected[chosen]):
                    wrong.append(start)

        threads = [threading.Thread(target=work, args=(start,)) for start in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statistics = cache.statistics()
    assert not wrong
    assert statistics.hits + statistics.misses == 6 * 20 * 10
    assert statistics.entries <= 15


FILLER = """
import sys
from augury.sentiment.lexicon import LexiconModel
from augury.sentiment.score_cache import CachedModel, ScoreCache
start = int(sys.argv[2])
with ScoreCache(path=sys.argv[1]) as cache:
    for turn in range(10):
        CachedModel(LexiconModel(), cache).score([f"headline {number}" for number in range(start, start + 20 + turn)])
"""


def test_processes_share_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "scores.sqlite")
    command = [sys.executable, "-c", FILLER, path]
    processes = [subprocess.Popen([*command, str(start)]) for start in (0, 10, 20)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    texts = [f"headline {number}" for number in range(49)]
    with ScoreCache(path=path) as cache:
        assert np.array_equal(CachedModel(LexiconModel(), cache).score(texts), LexiconModel().score(texts))
        assert cache.statistics().misses == 0


def test_a_damaged_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(Misconfigured, match="delete it"):
        ScoreCache(path=path)


def test_a_file_truncated_in_the_middle_is_refused_or_whole(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    with ScoreCache(path=path) as cache:
        CachedModel(CountingModel(), cache).score([f"headline {number}" for number in range(500)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Misconfigured, match="damaged"), ScoreCache(path=path) as cache:
        CachedModel(CountingModel(), cache).score([f"headline {number}" for number in range(500)])


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE precious (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="something else"):
        ScoreCache(path=path)
    assert path.read_bytes() == before


def test_a_missing_folder_and_a_senseless_capacity_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="does not exist"):
        ScoreCache(path=tmp_path / "nowhere" / "scores.sqlite")
    with pytest.raises(InvalidInput, match="capacity"):
        ScoreCache(capacity=0)


def test_a_transaction_cut_short_leaves_no_half_batch(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    rows = {text_key(str(number)): (0.2, 0.3, 0.5) for number in range(5)}
    broken = rows | {b"last": (0.2, 0.3, None)}
    with ScoreCache(path=path) as cache:
        with pytest.raises(Misconfigured):
            cache.put_many("1", broken)  # type: ignore[arg-type]
        assert cache.get_many("1", list(rows)) == {}
