"""SignalStream: bars and news arriving one by one, each bar answered with the signal the batch path gives."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from augury.arrays import FloatVector
from augury.errors import AuguryError, InvalidBars, InvalidInput
from augury.market.bars import BarArrays
from augury.market.news import NewsItem
from augury.market.timeframe import Timeframe
from augury.market.times import EARLIEST_NS, LATEST_NS, iso
from augury.market.validate import check_bar_arrays
from augury.sentiment.panel import PANEL_COLUMNS
from augury.sentiment.panel_stream import SentimentStream
from augury.sentiment.scored_news import canonical_key
from augury.signals.assemble import RECENT_BARS, BarFacts, assemble
from augury.signals.fingerprints import Fingerprint
from augury.signals.kernels import volatility
from augury.signals.prepared_news import NewsReader
from augury.signals.price_model import PriceModel, PriceModelStream
from augury.signals.signal import Provenance, TradingSignal
from augury.signals.spacing import refuse_longer_bars, refuse_shorter_bars
from augury.signals.spec import SignalSpec
from augury.signals.statistics import StatisticsRecorder
from augury.signals.stream_snapshot import (
    StreamSnapshot,
    TickerSnapshot,
    decode_snapshot,
    encode_snapshot,
)
from augury.signals.technical import Technical, TechnicalStream
from augury.version import __version__

CanonicalKey: TypeAlias = tuple[int, str, str, list[float]]

__all__ = ["BarEvent", "SignalStream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarEvent:
    """One closed bar of one ticker: open time in ns since the epoch (UTC), prices, volume."""

    ticker: str
    opened_at_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def vector(self) -> FloatVector:
        """The bar as kernels see it, float64[5]."""
        return np.array((self.open, self.high, self.low, self.close, self.volume), dtype=np.float64)


@dataclass(slots=True)
class _TickerState:
    technical: TechnicalStream
    price_model: PriceModelStream
    closes: deque[float]
    recent: deque[FloatVector]
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    bars: int = 0
    opened_at: int | None = None
    shortest_ns: int | None = None
    expected: FloatVector = field(default_factory=lambda: np.full(2, np.nan))

    def spacing_to(self, opened_at: int) -> int | None:
        """The shortest time between two opens if a bar that opens at `opened_at` came next; None for a first bar."""
        if self.opened_at is None:
            return None
        spacing = opened_at - self.opened_at
        return spacing if self.shortest_ns is None else min(spacing, self.shortest_ns)


class SignalStream:
    """Live signals. Made by `SignalEngine.open_stream`; not safe to share between threads.

    Bars of one ticker come in order; across tickers the close times never go back. A news item counts from the first
    bar that closes at or after its `known_at`. An event that breaks this, or a bar that breaks the Bars contract, is
    refused with an error, counted in `refused`, and leaves the state as it was.
    """

    def __init__(
        self,
        *,
        spec: SignalSpec,
        technical: Technical,
        price_model: PriceModel,
        reader: NewsReader,
        statistics: StatisticsRecorder,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.refused = 0
        self._spec = spec
        self._timeframe = Timeframe.of(spec.timeframe)
        self._technical = technical
        self._price_model = price_model
        self._reader = reader
        self._statistics = statistics
        self._clock = clock
        self._ids = (spec.id, spec.rules.id)
        self._tickers: dict[str, _TickerState] = {}
        self._sentiment = SentimentStream(spec.sentiment, sectors=reader.sectors, preparation=spec.preparation)
        self._news_fingerprint = Fingerprint()
        self._pending: list[CanonicalKey] = []
        self._any_news = False
        self._now_ns: int | None = None

    def on_news(self, item: NewsItem) -> None:
        """Take a news item in; it is scored now and counts from the first bar that closes at or after `known_at`.

        Raises LookAheadError for an item that claims to have been known at or before a bar already answered.
        """
        probabilities = self._reader.model.score([item.text])[0]
        try:
            self._sentiment.on_news(item, probabilities)
        except AuguryError:
            self.refused += 1
            raise
        heapq.heappush(self._pending, canonical_key(item, probabilities))

    def on_bar(self, event: BarEvent) -> TradingSignal | None:
        """Take a closed bar in and answer with the signal at its close; None while the history is too short."""
        started = self._clock()
        bar = event.vector()
        state = self._tickers.get(event.ticker)
        closes_at = self._checked_close(event, bar, state)
        if state is None:
            state = self._tickers[event.ticker] = self._new_state()
        self._record_news(closes_at)
        self._now_ns = closes_at
        state.recent.append(state.technical.update(event.opened_at_ns, bar))
        state.expected = state.price_model.update(event.opened_at_ns, bar)
        state.closes.append(event.close)
        state.fingerprint.add_bar(event.opened_at_ns, bar)
        state.bars += 1
        state.shortest_ns = state.spacing_to(event.opened_at_ns)
        state.opened_at = event.opened_at_ns
        mood = self._sentiment.on_bar(event.ticker, closes_at)
        if state.bars < self._spec.min_bars:
            return None
        signal = self._answer(event, closes_at, state, mood)
        self._statistics.record(signal, self._clock() - started)
        return signal

    def _answer(self, event: BarEvent, closes_at: int, state: _TickerState, mood: FloatVector) -> TradingSignal:
        enough = len(state.closes) == state.closes.maxlen
        facts = BarFacts(
            event.ticker,
            closes_at,
            float(event.close),
            np.column_stack(state.recent),
            mood if self._any_news else np.full(len(PANEL_COLUMNS), np.nan),
            volatility(np.array(state.closes)) if enough else float("nan"),
            *state.expected.tolist(),
        )
        provenance = Provenance(
            augury=__version__,
            spec=self._ids[0],
            rules=self._ids[1],
            features=self._technical.ids,
            sentiment_model=self._reader.model_version if self._any_news else None,
            bars=state.fingerprint.hex,
            news=self._news_fingerprint.hex if self._any_news else None,
            sectors=self._reader.sectors_id if self._any_news else None,
            model=self._price_model.id,
        )
        return assemble(facts, self._spec, provenance)

    def _new_state(self) -> _TickerState:
        closes: deque[float] = deque(maxlen=self._spec.sizing.volatility_bars + 1)
        recent: deque[FloatVector] = deque(maxlen=RECENT_BARS)
        return _TickerState(self._technical.open_stream(), self._price_model.open_stream(), closes, recent)

    def _checked_close(self, event: BarEvent, bar: FloatVector, state: _TickerState | None) -> int:
        try:
            self._demand_bar(event, bar)
            if state is not None:
                self._demand_next(event, state)
            return self._demand_close(event)
        except InvalidInput:
            self.refused += 1
            raise

    def _demand_bar(self, event: BarEvent, bar: FloatVector) -> None:
        opened_at = np.array([event.opened_at_ns])
        if opened_at.dtype == np.int64 and not EARLIEST_NS <= event.opened_at_ns < LATEST_NS:
            raise InvalidBars(
                f"{event.ticker}: expected an open in the years 1678 to 2260, got {event.opened_at_ns} ns"
            )
        check_bar_arrays(BarArrays(opened_at, bar.reshape(5, 1)))

    def _demand_close(self, event: BarEvent) -> int:
        closes_at = event.opened_at_ns + self._timeframe.ns
        if self._now_ns is not None and closes_at < self._now_ns:
            raise InvalidInput(
                f"{event.ticker}: a bar closing at {iso(closes_at)} came after bars closing at {iso(self._now_ns)}; "
                "merge the tickers by close time"
            )
        return closes_at

    def _demand_next(self, event: BarEvent, state: _TickerState) -> None:
        if state.opened_at is None:
            return
        if event.opened_at_ns <= state.opened_at:
            raise InvalidBars(
                f"{event.ticker}: a bar that opened at {iso(event.opened_at_ns)} came after one of "
                f"{iso(state.opened_at)}; feed each bar once, in order"
            )
        refuse_shorter_bars(event.ticker, event.opened_at_ns - state.opened_at, self._timeframe)
        shortest = state.spacing_to(event.opened_at_ns)
        if shortest is not None and state.bars + 1 >= self._spec.min_bars:
            refuse_longer_bars(event.ticker, shortest, self._timeframe)

    def _record_news(self, closes_at: int) -> None:
        """Absorb the documents that this close makes known into the fingerprint, in the order they are applied."""
        while self._pending and self._pending[0][0] <= closes_at:
            known_at_ns, _, identity, _ = heapq.heappop(self._pending)
            self._news_fingerprint.add_document(identity, known_at_ns)
            self._any_news = True

    def snapshot(self) -> bytes:
        """The whole state: a stream restored from it, with the same options, continues bit for bit."""
        return encode_snapshot(
            StreamSnapshot(
                spec=self._spec.id,
                model=self._reader.model_version if self._any_news or self._pending else None,
                now_ns=self._now_ns,
                any_news=self._any_news,
                sentiment=self._sentiment.snapshot(),
                news_fingerprint=self._news_fingerprint.snapshot(),
                pending=sorted(self._pending),
                tickers={name: _save(state) for name, state in self._tickers.items()},
                price_model=self._price_model.id,
            )
        )

    def restore(self, snapshot: bytes) -> None:
        """Continue from a snapshot. Raises InvalidInput when it is damaged or was taken with other options or model."""
        saved = decode_snapshot(snapshot)
        if saved.spec != self._spec.id:
            raise InvalidInput(
                f"the snapshot was taken with options {saved.spec}, this stream has {self._spec.id}; restore it into a "
                "stream of the same SignalSpec"
            )
        if saved.model is not None and saved.model != self._reader.model_version:
            raise InvalidInput(
                f"the snapshot holds scores of {saved.model}, this stream scores with {self._reader.model_version}; "
                "use the same model or replay the news"
            )
        if saved.price_model != self._price_model.id:
            raise InvalidInput(
                f"the snapshot was taken with the price model {saved.price_model}, this stream has "
                f"{self._price_model.id}; restore it into a stream of the same model or replay the events"
            )
        tickers = {name: self._load(state) for name, state in saved.tickers.items()}
        self._sentiment.restore(saved.sentiment)
        self._news_fingerprint.restore(saved.news_fingerprint)
        self._pending = list(saved.pending)
        self._tickers, self._now_ns, self._any_news = tickers, saved.now_ns, saved.any_news

    def _load(self, saved: TickerSnapshot) -> _TickerState:
        state = self._new_state()
        state.technical.restore(saved.technical)
        state.price_model.restore(saved.price_model)
        state.closes.extend(saved.closes)
        state.recent.extend(np.frombuffer(row, dtype="<f8").astype(np.float64) for row in saved.recent)
        state.fingerprint.restore(saved.fingerprint)
        state.bars, state.opened_at, state.shortest_ns = saved.bars, saved.opened_at, saved.shortest_ns
        return state


def _save(state: _TickerState) -> TickerSnapshot:
    return TickerSnapshot(
        technical=state.technical.snapshot(),
        closes=list(state.closes),
        recent=[row.astype("<f8").tobytes() for row in state.recent],
        fingerprint=state.fingerprint.snapshot(),
        bars=state.bars,
        opened_at=state.opened_at,
        shortest_ns=state.shortest_ns,
        price_model=state.price_model.snapshot(),
    )
