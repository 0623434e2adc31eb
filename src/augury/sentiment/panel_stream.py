"""Sentiment of many tickers as news and bars arrive one by one: the streaming path, equal to the batch bit for bit."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Mapping
from typing import TypeAlias

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.numerics.decayed_sums import GROUP_FIELDS, OWN_FIELDS
from augury.sentiment.model import signed
from augury.sentiment.panel import PanelSpec
from augury.sentiment.panel_kernels import ROW, STATE, apply_document, decay_state, finish_row, sample_of
from augury.sentiment.scored_news import PreparationSpec, ScoredItem, ScoredNewsStream, canonical_key, check_scored
from augury.sentiment.trailing_samples import SAMPLE

__all__ = ["SentimentStream"]

_Pending: TypeAlias = tuple[tuple[int, str, str, list[float]], int, NewsItem, float]


class _Sums:
    """Sums of a ticker or group and the time of their last document; a group without any is all zeros."""

    __slots__ = ("changed_at_ns", "values")

    def __init__(self, fields: int) -> None:
        self.values: FloatVector = np.zeros(fields)
        self.changed_at_ns: int | None = None

    def elapsed(self, now_ns: int) -> int:
        return 0 if self.changed_at_ns is None else now_ns - self.changed_at_ns


class _Samples:
    """The trailing grid samples of one ticker, in a buffer that is moved back when it is full."""

    __slots__ = ("buffer", "close_ns", "end", "look_back")

    def __init__(self, look_back: int) -> None:
        self.look_back = look_back
        self.buffer: FloatMatrix = np.empty((2 * look_back, SAMPLE))
        self.end = 0
        self.close_ns: int | None = None

    def next_row(self) -> FloatVector:
        if self.end == self.buffer.shape[0]:
            kept = self.look_back - 1
            self.buffer[:kept] = self.buffer[self.end - kept :]
            self.end = kept
        self.end += 1
        row: FloatVector = self.buffer[self.end - 1]
        return row

    def recent(self) -> FloatMatrix:
        return self.buffer[max(0, self.end - self.look_back) : self.end]


class _Saved(msgspec.Struct, frozen=True):
    """A snapshot on the wire; arrays as little-endian float64 bytes."""

    clock_ns: int | None
    pending: list[tuple[str, bytes, int, int, str, list[float]]]
    news: bytes
    sums: dict[str, dict[str, tuple[int | None, bytes]]]
    samples: dict[str, tuple[int | None, bytes]]


class SentimentStream:
    """Feed scored news and bar closes as they come; get each bar's row of PANEL_COLUMNS.

    Timing: a document counts from the first close at or after its known_at. Documents wait until the next close and are
    applied in canonical order, so the order of arrival between two closes does not matter. The clock is the latest
    close of any ticker and never goes back. A document whose known_at is not after the clock has missed closes that
    have been answered, and is refused with LookAheadError. Rows equal those of `sentiment_panel` over
    `prepare`d news bit for bit, and `snapshot`/`restore` continue bit for bit.
    """

    __slots__ = (
        "_arrivals",
        "_clock_ns",
        "_identity",
        "_look_back",
        "_market",
        "_news",
        "_params",
        "_pending",
        "_samples",
        "_sector_of",
        "_sectors",
        "_tickers",
    )

    def __init__(
        self,
        spec: PanelSpec | None = None,
        *,
        sectors: Mapping[str, str] | None = None,
        preparation: PreparationSpec | None = None,
    ) -> None:
        spec = PanelSpec() if spec is None else spec
        preparation = PreparationSpec() if preparation is None else preparation
        self._sector_of = dict(sectors or {})
        canonical = json.dumps(sorted(self._sector_of.items()), separators=(",", ":"))
        self._identity = f"{spec.id} {preparation.id} {hashlib.sha256(canonical.encode()).hexdigest()[:16]}"
        self._params = spec.vector()
        self._look_back = spec.look_back
        self._clock_ns: int | None = None
        self._arrivals = 0
        self._pending: list[_Pending] = []
        self._news = ScoredNewsStream(preparation)
        self._market = _Sums(GROUP_FIELDS)
        self._tickers: dict[str, _Sums] = {}
        self._sectors: dict[str, _Sums] = {}
        self._samples: dict[str, _Samples] = {}

    @property
    def clock_ns(self) -> int | None:
        """The latest close seen, ns since the epoch, UTC; None before the first."""
        return self._clock_ns

    def on_news(self, item: NewsItem, probabilities: FloatVector) -> None:
        """Take one document with its probabilities float64[3] (positive, negative, neutral); it waits for the next
        close.

        Raises LookAheadError when its known_at is not after the clock, InvalidInput for improper probabilities.
        """
        rows = check_scored([item], np.asarray(probabilities, dtype=np.float64)[None, :])
        if self._clock_ns is not None and item.known_at_ns <= self._clock_ns:
            raise LookAheadError(
                f"a document about {item.ticker} is stamped as known at {item.known_at_ns} ns, but closes up to "
                f"{self._clock_ns} ns have been answered without it; stamp known_at with the time it arrived here, "
                "after the clock"
            )
        self._arrivals += 1
        entry = (canonical_key(item, rows[0]), self._arrivals, item, float(signed(rows)[0]))
        heapq.heappush(self._pending, entry)

    def on_bar(self, ticker: str, close_ns: int) -> FloatVector:
        """The row of PANEL_COLUMNS at this close, float64[k], a fresh array.

        Raises InvalidInput when the close is before the clock or not after the ticker's previous one.
        """
        if self._clock_ns is not None and close_ns < self._clock_ns:
            raise InvalidInput(
                f"the close of {ticker} at {close_ns} ns is before the clock at {self._clock_ns} ns; feed the bars of "
                "all tickers in the order of their closes"
            )
        samples = self._samples.get(ticker)
        if samples is None:
            samples = self._samples[ticker] = _Samples(self._look_back)
        if samples.close_ns is not None and close_ns <= samples.close_ns:
            raise InvalidInput(f"{ticker} has been answered at {close_ns} ns already; each bar closes once")
        self._clock_ns = close_ns
        while self._pending and self._pending[0][0][0] <= close_ns:
            _, _, item, score = heapq.heappop(self._pending)
            self._apply(self._news.update_checked(item, score))
        samples.close_ns = close_ns
        return self._row(ticker, close_ns, samples)

    def _row(self, ticker: str, close_ns: int, samples: _Samples) -> FloatVector:
        own = self._tickers.get(ticker) or _Sums(OWN_FIELDS)
        name = self._sector_of.get(ticker)
        sector = (None if name is None else self._sectors.get(name)) or _Sums(GROUP_FIELDS)
        market = self._market
        elapsed = np.array([own.elapsed(close_ns), market.elapsed(close_ns), sector.elapsed(close_ns)])
        state = np.empty(STATE)
        decay_state(own.values, market.values, sector.values, elapsed, self._params, state)
        sample_of(state, self._params, samples.next_row())
        row = np.empty(ROW)
        finish_row(samples.recent(), state, self._params, row)
        return row

    def _apply(self, item: ScoredItem) -> None:
        now = item.known_at_ns
        own = self._tickers.setdefault(item.ticker, _Sums(OWN_FIELDS))
        name = self._sector_of.get(item.ticker)
        sector = _Sums(GROUP_FIELDS) if name is None else self._sectors.setdefault(name, _Sums(GROUP_FIELDS))
        parts = (own, self._market, sector)
        elapsed = np.array([part.elapsed(now) for part in parts])
        document = np.array([item.score, item.weight, float(item.novel)])
        apply_document(own.values, self._market.values, sector.values, elapsed, document, self._params)
        for part in parts:
            part.changed_at_ns = now

    def snapshot(self) -> bytes:
        """The whole state, such that a restored stream continues bit for bit."""
        groups = {"own": self._tickers, "sector": self._sectors, "market": {"": self._market}}
        saved = _Saved(
            clock_ns=self._clock_ns,
            pending=[
                (i.ticker, i.text.encode("utf-8", "surrogatepass"), i.published_at_ns, i.known_at_ns, i.source, key[3])
                for key, _, i, _ in sorted(self._pending, key=lambda entry: entry[:2])
            ],
            news=self._news.snapshot(),
            sums={
                kind: {name: (sums.changed_at_ns, _packed(sums.values)) for name, sums in sorted(members.items())}
                for kind, members in groups.items()
            },
            samples={name: (s.close_ns, _packed(s.recent())) for name, s in sorted(self._samples.items())},
        )
        body = msgspec.msgpack.encode(saved)
        return self._header() + hashlib.sha256(body).digest() + body

    def restore(self, snapshot: bytes) -> None:
        """Replace the state. Raises InvalidInput when the snapshot has other options or sectors, or is damaged."""
        header = self._header()
        start = len(header) + 32
        if not snapshot.startswith(header):
            raise InvalidInput(
                "this snapshot was not taken from a sentiment stream with the same options, preparation and sectors; "
                "restore it into a stream like the one that made it"
            )
        if hashlib.sha256(snapshot[start:]).digest() != snapshot[len(header) : start]:
            raise InvalidInput("the snapshot is damaged (its checksum differs); take a new one or replay the news")
        saved = msgspec.msgpack.decode(snapshot[start:], type=_Saved)
        self._news.restore(saved.news)
        self._tickers = _unpacked(saved.sums["own"])
        self._sectors = _unpacked(saved.sums["sector"])
        self._market = _unpacked(saved.sums["market"])[""]
        self._samples = {}
        for name, (close_ns, packed) in saved.samples.items():
            samples = self._samples[name] = _Samples(self._look_back)
            recent = np.frombuffer(packed, dtype="<f8").reshape(-1, SAMPLE)
            samples.buffer[: recent.shape[0]] = recent
            samples.end, samples.close_ns = recent.shape[0], close_ns
        self._clock_ns = None
        self._pending = []
        for ticker, text, published_at_ns, known_at_ns, source, row in saved.pending:
            item = NewsItem(
                ticker=ticker,
                text=text.decode("utf-8", "surrogatepass"),
                published_at_ns=published_at_ns,
                known_at_ns=known_at_ns,
                source=source,
            )
            self.on_news(item, np.array(row))
        self._clock_ns = saved.clock_ns

    def _header(self) -> bytes:
        return f"augury-sentiment-stream 1 {self._identity}\n".encode()


def _packed(values: FloatVector) -> bytes:
    return values.astype("<f8").tobytes()


def _unpacked(members: Mapping[str, tuple[int | None, bytes]]) -> dict[str, _Sums]:
    out: dict[str, _Sums] = {}
    for name, (changed_at_ns, packed) in members.items():
        sums = out[name] = _Sums(0)
        sums.values = np.frombuffer(packed, dtype="<f8").astype(np.float64)
        sums.changed_at_ns = changed_at_ns
    return out
