"""Near-duplicate news: has this ticker's story been told already?

Texts are compared by the Jaccard similarity of their sets of words when the shorter is short (a one-word edit of a
headline destroys three of its few 3-word shingles), of their sets of 3-word shingles otherwise (long posts about one
ticker share much vocabulary). Candidates come from MinHash signatures of the words in locality-sensitive bands, so
that a look-up costs the same however many stories are remembered; every candidate is then compared exactly. Sources:
Broder (1997) for MinHash and shingles, Leskovec, Rajaraman & Ullman, *Mining of Massive Datasets*, section 3.4 for
the bands.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput
from augury.market.news import NewsItem
from augury.spec import Spec

__all__ = ["NoveltyFilter", "NoveltySpec", "words_of"]

BANDS = 20  # with ROWS = 3 a pair at Jaccard 0.7 is missed with probability (1 - 0.7^3)^20 = 2e-4
ROWS = 3
_WORD = re.compile(r"\w+")
_LINK = re.compile(r"https?://\S+")
_MASK = (1 << 64) - 1

Words: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltySpec(Spec):
    """When two texts about one ticker are the same story, and how long and how many stories are remembered.

    `similarity` is the least Jaccard similarity of a duplicate; texts of fewer than `short_words` words are compared
    by words, longer ones by shingles of `shingle_words`. A story is new again `horizon_hours` after its first telling;
    at most `stories` are remembered per ticker. Only the first `compared_words` words of a text count.
    `duplicate_weight` is the weight factor of a duplicate.
    """

    summary: ClassVar[str] = "near-duplicate detection of news"

    similarity: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.7
    short_words: Annotated[int, msgspec.Meta(ge=0)] = 24
    shingle_words: Annotated[int, msgspec.Meta(ge=1)] = 3
    horizon_hours: Annotated[float, msgspec.Meta(gt=0.0)] = 72.0
    stories: Annotated[int, msgspec.Meta(ge=1)] = 256
    compared_words: Annotated[int, msgspec.Meta(ge=3)] = 512
    duplicate_weight: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.25


def words_of(text: str) -> list[str]:
    """The words of a text: case folded, links left out; a text without any (only emoji, say) is one word itself.

    Languages written without spaces come out as few long words, so that of their texts only exact repeats are found.

    >>> words_of("Shares RISE 3% https://t.co/x")
    ['shares', 'rise', '3']
    """
    found = _WORD.findall(_LINK.sub(" ", text.casefold()))
    return found or [text.strip()]


def _splitmix(seed: int, count: int) -> NDArray[np.uint64]:
    """`count` fixed 64-bit numbers (SplitMix64, Steele et al. 2014): the same in every process and version."""
    out = np.empty(count, dtype=np.uint64)
    for i in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        out[i] = mixed ^ (mixed >> 31)
    return out


_MULTIPLIERS = (_splitmix(1, BANDS * ROWS) | np.uint64(1))[:, None]
_OFFSETS = _splitmix(2, BANDS * ROWS)[:, None]
_LOW_BITS = np.uint64(32)


def _hashed(text: str, compared_words: int) -> Words:
    return tuple(zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words_of(text)[:compared_words])


def _bands(words: frozenset[int]) -> list[bytes]:
    """The MinHash signature cut into bands; two texts are compared when any band is equal (same place, same bytes)."""
    keys = np.fromiter(words, dtype=np.uint64, count=len(words))
    signature = ((_MULTIPLIERS * keys + _OFFSETS) >> _LOW_BITS).min(axis=1).astype("<u4").tobytes()
    width = 4 * ROWS
    return [bytes((band,)) + signature[band * width : band * width + width] for band in range(BANDS)]


def _shingles(words: Words, size: int) -> frozenset[Words]:
    return frozenset(words[i : i + size] for i in range(max(1, len(words) - size + 1)))


def _jaccard(first: frozenset[object], second: frozenset[object]) -> float:
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


@dataclass(frozen=True, slots=True, eq=False)
class _Story:
    known_at_ns: int
    words: Words
    vocabulary: frozenset[int]
    bands: list[bytes]


class _Memory:
    """The stories of one ticker, oldest first, and where each band points."""

    __slots__ = ("buckets", "stories")

    def __init__(self) -> None:
        self.stories: deque[_Story] = deque()
        self.buckets: dict[bytes, list[_Story]] = {}

    def add(self, story: _Story) -> None:
        self.stories.append(story)
        for band in story.bands:
            self.buckets.setdefault(band, []).append(story)

    def drop_oldest(self) -> None:
        story = self.stories.popleft()
        for band in story.bands:
            bucket = self.buckets[band]
            bucket.remove(story)
            if not bucket:
                del self.buckets[band]


class NoveltyFilter:
    """Says of each item, in order, whether it is a new story for its ticker.

    State: per ticker the stories first told within the horizon. Only first tellings are remembered, so a chain of
    edits of edits cannot drift, and a story that keeps being repeated becomes new again one horizon after its first
    telling. The answer for an item depends only on items fed before it; feed each ticker's items in the order in
    which they became known (LookAheadError is the caller's to raise, see `ScoredNewsStream`).

    >>> from augury.market.news import NewsItem
    >>> seen = NoveltyFilter()
    >>> first = NewsItem(ticker="X", text="Apple lifts its dividend by four percent", published_at_ns=0, known_at_ns=0)
    >>> again = NewsItem(ticker="X", text="Apple lifts its dividend by 4 percent", published_at_ns=1, known_at_ns=1)
    >>> seen.update(first), seen.update(again)
    ((True, 1.0), (False, 0.25))
    """

    __slots__ = ("_memories", "_spec")

    def __init__(self, spec: NoveltySpec | None = None) -> None:
        self._spec = NoveltySpec() if spec is None else spec
        self._memories: dict[str, _Memory] = {}

    def update(self, item: NewsItem) -> tuple[bool, float]:
        """Feed one item; returns (is it novel, its weight factor: 1 or `duplicate_weight`)."""
        spec = self._spec
        memory = self._memories.setdefault(item.ticker, _Memory())
        oldest = item.known_at_ns - int(spec.horizon_hours * 3_600_000_000_000)
        while memory.stories and memory.stories[0].known_at_ns < oldest:
            memory.drop_oldest()
        words = _hashed(item.text, spec.compared_words)
        vocabulary = frozenset(words)
        bands = _bands(vocabulary)
        compared: set[int] = set()
        for band in bands:
            for story in memory.buckets.get(band, ()):
                if id(story) not in compared:
                    compared.add(id(story))
                    if self._same(story, words, vocabulary):
                        return False, spec.duplicate_weight
        if len(memory.stories) == spec.stories:
            memory.drop_oldest()
        memory.add(_Story(item.known_at_ns, words, vocabulary, bands))
        return True, 1.0

    def _same(self, story: _Story, words: Words, vocabulary: frozenset[int]) -> bool:
        spec = self._spec
        if min(len(story.words), len(words)) < spec.short_words:
            return _jaccard(story.vocabulary, vocabulary) >= spec.similarity
        size = spec.shingle_words
        return _jaccard(_shingles(story.words, size), _shingles(words, size)) >= spec.similarity

    def snapshot(self) -> bytes:
        """The whole state, such that a restored filter continues with the same answers."""
        remembered = {
            ticker: [(story.known_at_ns, story.words) for story in memory.stories]
            for ticker, memory in sorted(self._memories.items())
            if memory.stories
        }
        return msgspec.msgpack.encode((self._spec.id, remembered))

    def restore(self, snapshot: bytes) -> None:
        """Replace the state. Raises InvalidInput when the snapshot has other options or is damaged."""
        try:
            spec_id, remembered = msgspec.msgpack.decode(snapshot, type=tuple[str, dict[str, list[tuple[int, Words]]]])
        except msgspec.MsgspecError as error:
            raise InvalidInput(f"this is not a snapshot of a novelty filter ({error}); take a new one") from error
        if spec_id != self._spec.id:
            raise InvalidInput(
                f"the snapshot was taken with novelty options {spec_id}, this filter has {self._spec.id}; "
                "restore it into a filter with the same options"
            )
        self._memories = {}
        for ticker, stories in remembered.items():
            memory = self._memories.setdefault(ticker, _Memory())
            for known_at_ns, words in stories:
                vocabulary = frozenset(words)
                memory.add(_Story(known_at_ns, words, vocabulary, _bands(vocabulary)))
