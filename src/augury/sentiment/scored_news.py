"""News made ready for aggregation: one signed score, one weight and one novelty flag per document, in canonical
order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec
import numpy as np

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.sentiment.model import signed
from augury.sentiment.novelty import NoveltyFilter, NoveltySpec
from augury.sentiment.weights import WeightSpec, document_weight
from augury.spec import Spec

__all__ = ["PreparationSpec", "ScoredItem", "ScoredNews", "ScoredNewsStream", "canonical_key", "prepare"]

SUM_TOLERANCE = 1e-3  # probabilities from float32 models sum to 1 within this


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationSpec(Spec):
    """Options of everything between a scored text and its weight."""

    summary: ClassVar[str] = "preparation of scored news"

    novelty: NoveltySpec = field(default_factory=NoveltySpec)
    weights: WeightSpec = field(default_factory=WeightSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredItem:
    """One document ready for aggregation: signed `score` in [-1, 1], `weight` in (0, 1] before decay, `novel`."""

    ticker: str
    known_at_ns: int
    score: float
    weight: float
    novel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredNews:
    """Documents in the order (known_at_ns, ticker, id), as arrays of one length n.

    `tickers` holds the distinct names, sorted; `ticker_codes` int64[n] points into it; `known_at_ns` int64[n];
    `score` float64[n] in [-1, 1]; `weight` float64[n] before decay; `novel` bool[n]; `item_index` int64[n] is the
    place of each document in the sequence that was given. A document counts from its `known_at_ns` on and never
    before.
    """

    tickers: tuple[str, ...]
    ticker_codes: IntVector
    known_at_ns: IntVector
    score: FloatVector
    weight: FloatVector
    novel: BoolVector
    item_index: IntVector

    def __len__(self) -> int:
        return int(self.known_at_ns.shape[0])

    def code_of(self, ticker: str) -> int:
        """Position of the name in `tickers`, or -1 when no document is about it."""
        position = bisect_left(self.tickers, ticker)
        return position if position < len(self.tickers) and self.tickers[position] == ticker else -1


def canonical_key(item: NewsItem, row: FloatVector) -> tuple[int, str, str, list[float]]:
    """Sort key of the one order in which documents are applied: known_at, ticker, id, and the scores as a last
    resort."""
    return item.known_at_ns, item.ticker, item.id, row.tolist()


def check_scored(items: Sequence[NewsItem], probabilities: FloatMatrix) -> FloatMatrix:
    """The probabilities as float64[n, 3], checked against the items; InvalidInput names the first bad row."""
    rows = np.ascontiguousarray(probabilities, dtype=np.float64)
    if rows.shape != (len(items), 3):
        raise InvalidInput(
            f"expected probabilities of shape ({len(items)}, 3), one row (positive, negative, neutral) per item, "
            f"got {rows.shape}; score the items in the order in which they are passed"
        )
    proper = np.all((rows >= 0.0) & (rows <= 1.0), axis=1) & (np.abs(rows.sum(axis=1) - 1.0) <= SUM_TOLERANCE)
    if not proper.all():
        bad = int(np.argmin(proper))
        raise InvalidInput(
            f"row {bad} of the probabilities is {rows[bad].tolist()}; expected three numbers in [0, 1] that sum to 1; "
            "leave out documents that have no score"
        )
    return rows


class ScoredNewsStream:
    """Prepares scored documents one at a time, in canonical order, with the results of `prepare` bit for bit.

    State: the remembered stories. Documents of one ticker must come in the order in which they became known; an earlier
    one raises LookAheadError, since its duplicates have been judged already.
    """

    __slots__ = ("_filter", "_latest_ns", "_spec")

    def __init__(self, spec: PreparationSpec | None = None) -> None:
        self._spec = PreparationSpec() if spec is None else spec
        self._filter = NoveltyFilter(self._spec.novelty)
        self._latest_ns: dict[str, int] = {}

    def update(self, item: NewsItem, probabilities: FloatVector) -> ScoredItem:
        """Prepare one document; `probabilities` float64[3] are (positive, negative, neutral)."""
        rows = check_scored([item], np.asarray(probabilities, dtype=np.float64)[None, :])
        return self.update_checked(item, float(signed(rows)[0]))

    def update_checked(self, item: NewsItem, score: float) -> ScoredItem:
        """Prepare one document whose signed score is computed and checked already."""
        latest = self._latest_ns.get(item.ticker, item.known_at_ns)
        if item.known_at_ns < latest:
            raise LookAheadError(
                f"a document about {item.ticker} known at {item.known_at_ns} ns came after one known at {latest} ns; "
                "feed documents in the order in which they became known, and stamp a late one with the time it arrived"
            )
        self._latest_ns[item.ticker] = item.known_at_ns
        novel, factor = self._filter.update(item)
        return ScoredItem(
            ticker=item.ticker,
            known_at_ns=item.known_at_ns,
            score=score,
            weight=document_weight(item.text, item.source, factor, self._spec.weights),
            novel=novel,
        )

    def snapshot(self) -> bytes:
        """The whole state, such that a restored stream continues bit for bit."""
        return msgspec.msgpack.encode((self._spec.id, self._latest_ns, self._filter.snapshot()))

    def restore(self, snapshot: bytes) -> None:
        """Replace the state. Raises InvalidInput when the snapshot has other options or is damaged."""
        try:
            spec_id, latest_ns, stories = msgspec.msgpack.decode(snapshot, type=tuple[str, dict[str, int], bytes])
        except msgspec.MsgspecError as error:
            raise InvalidInput(f"this is not a snapshot of prepared news ({error}); take a new one") from error
        if spec_id != self._spec.id:
            raise InvalidInput(
                f"the snapshot was taken with preparation options {spec_id}, this stream has {self._spec.id}; "
                "restore it into a stream with the same options"
            )
        self._filter.restore(stories)
        self._latest_ns = latest_ns


def prepare(items: Sequence[NewsItem], probabilities: FloatMatrix, spec: PreparationSpec | None = None) -> ScoredNews:
    """Put scored documents into canonical order with weights and novelty.

    `probabilities` float64[n, 3] are (positive, negative, neutral), row i for item i. The order of the input does not
    matter. A document's weight and novelty depend only on documents known no later. Raises InvalidInput for
    probabilities that are none.

    >>> from augury.market.news import NewsItem
    >>> item = NewsItem(ticker="X", text="Profit up", published_at_ns=0, known_at_ns=5, source="wire")
    >>> prepare([item], [[0.8, 0.1, 0.1]]).score.round(1).tolist()
    [0.7]
    """
    rows = check_scored(items, probabilities)
    scores = signed(rows)
    order = sorted(range(len(items)), key=lambda i: canonical_key(items[i], rows[i]))
    stream = ScoredNewsStream(spec)
    prepared = [stream.update_checked(items[i], float(scores[i])) for i in order]
    tickers = tuple(sorted({item.ticker for item in prepared}))
    codes = {ticker: code for code, ticker in enumerate(tickers)}
    return ScoredNews(
        tickers=tickers,
        ticker_codes=np.array([codes[item.ticker] for item in prepared], dtype=np.int64),
        known_at_ns=np.array([item.known_at_ns for item in prepared], dtype=np.int64),
        score=np.array([item.score for item in prepared], dtype=np.float64),
        weight=np.array([item.weight for item in prepared], dtype=np.float64),
        novel=np.array([item.novel for item in prepared], dtype=np.bool_),
        item_index=np.array(order, dtype=np.int64),
    )
