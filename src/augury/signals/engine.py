"""SignalEngine: bars and news in, explained signals out; one ticker, a universe, a whole history or a live stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector
from augury.errors import AuguryError, InvalidInput, NotEnoughData
from augury.learning.artefacts.artefact import Artefact
from augury.market.bars import BarArrays
from augury.market.news import NewsItem
from augury.market.timeframe import Timeframe, close_times
from augury.market.validate import valid_arrays
from augury.numerics.fingerprint import hexadecimal
from augury.sentiment.model import SentimentModel
from augury.sentiment.panel import PANEL_COLUMNS, panel_of
from augury.signals.assemble import RECENT_BARS, BarFacts, assemble
from augury.signals.batch import SignalBatch
from augury.signals.fingerprints import bars_fingerprint, bars_fingerprints
from augury.signals.kernels import volatility, volatility_path
from augury.signals.memory import SignalMemory
from augury.signals.prepared_news import NewsReader, PreparedNews
from augury.signals.price_model import PriceModel
from augury.signals.signal import Provenance, TradingSignal
from augury.signals.spacing import refuse_longer_bars, refuse_shorter_bars
from augury.signals.spec import SignalSpec
from augury.signals.statistics import EngineStatistics, StatisticsRecorder
from augury.signals.stream import BarEvent, SignalStream
from augury.signals.technical import Technical
from augury.signals.workers import chunk_size, judge_in_processes
from augury.version import __version__

__all__ = ["News", "SignalEngine"]

News: TypeAlias = Sequence[NewsItem] | PreparedNews | None


class SignalEngine:
    """Turns bars and news into signals; the same inputs give the same bits on every path.

    A signal at bar t uses bars 0..t and news with `known_at` no later than the close of bar t, and is stamped with
    that close. `model` scores raw news (the embedded default when None); `artefact` is a trained model of prices, whose
    calibrated probability of a rise is stamped on signals, may be named by rules and sizes positions; `sectors` maps
    tickers to sector names for the sector reference. `clock` is only used to measure how long signals take. The last
    `remembered` signals are answered from memory when exactly the same data comes again. Safe to call from several
    threads.
    """

    def __init__(
        self,
        spec: SignalSpec | None = None,
        *,
        model: SentimentModel | None = None,
        artefact: Artefact | None = None,
        sectors: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        remembered: int = 4096,
    ) -> None:
        self.spec = SignalSpec() if spec is None else spec
        self.sectors: Mapping[str, str] = MappingProxyType(dict(sectors or {}))
        self._clock = clock
        self._timeframe = Timeframe.of(self.spec.timeframe)
        self._technical = Technical(self.spec)
        self._reader = NewsReader(self.spec.preparation, self.spec.sentiment, self.sectors, model)
        self._price_model = PriceModel(artefact)
        self._ids = (self.spec.id, self.spec.rules.id)
        self._statistics = StatisticsRecorder()
        self._memory = SignalMemory(remembered)

    def prepare_news(self, news: News) -> PreparedNews:
        """Score, order, weigh and deduplicate news once, to pass to many calls."""
        return self._reader.read(news)

    def generate_signal(self, ticker: str, bars: pd.DataFrame, news: News = None) -> TradingSignal:
        """The signal at the last bar.

        `bars` keep the Bars contract (they are validated) and last one `timeframe` each; `news` may be about any
        ticker, since the others are the market that this one is compared with. What becomes known after the close of
        the last bar is not used. Raises InvalidBars, InvalidNews, and NotEnoughData below `min_bars`.
        """
        return self._generate(ticker, bars, self._reader.read(news))

    def generate_signals_batch(
        self,
        universe: Mapping[str, pd.DataFrame],
        news: News = None,
        *,
        workers: int = 1,
        on_error: Literal["raise", "collect"] = "raise",
        track: Callable[[Iterable[str]], Iterable[str]] = iter,
    ) -> SignalBatch:
        """The signal at the last bar of every ticker, in the order of `universe`.

        More than one of `workers` shares the work between that many processes, which start once (seconds) and stay: it
        pays for large or repeated batches. With `on_error="collect"` a ticker that cannot be judged is listed with its
        reason instead of stopping the rest. `track` wraps the tickers to show progress. Raises InvalidInput for options
        that are none, and what `generate_signal` raises.
        """
        if workers < 1 or on_error not in ("raise", "collect"):
            raise InvalidInput(
                f"expected at least 1 of workers, and on_error 'raise' or 'collect'; got {workers} and {on_error!r}"
            )
        state = self._reader.read(news)
        outcomes = self._outcomes(universe, state) if workers == 1 else self._outcomes_apart(universe, state, workers)
        signals: list[TradingSignal] = []
        refused: dict[str, str] = {}
        for ticker, outcome in zip(track(universe), outcomes, strict=True):
            if isinstance(outcome, TradingSignal):
                signals.append(outcome)
            elif on_error == "raise":
                raise outcome
            else:
                refused[ticker] = str(outcome)
        return SignalBatch(signals=tuple(signals), refused=refused)

    def signal_history(self, ticker: str, bars: pd.DataFrame, news: News = None) -> tuple[TradingSignal, ...]:
        """The signal at every bar from `min_bars` on, each exactly what `generate_signal` gave at that bar."""
        arrays = self._checked(ticker, bars)
        closes = close_times(arrays.opened_at, self._timeframe)
        state = self._reader.read(news)
        first = self.spec.min_bars - 1
        technical = self._technical.history(arrays)
        sentiment = self._sentiment(ticker, closes, state, len(arrays))
        deviations = np.empty(len(arrays))
        volatility_path(arrays.matrix[3], self.spec.sizing.volatility_bars, deviations)
        expected = self._price_model.history(arrays).tolist()
        prints = bars_fingerprints(arrays)
        signals = []
        for t in range(first, len(arrays)):
            facts = BarFacts(
                ticker,
                int(closes[t]),
                float(arrays.matrix[3, t]),
                technical[:, t + 1 - RECENT_BARS : t + 1],
                sentiment[:, t],
                float(deviations[t]),
                *expected[t],
            )
            provenance = self._provenance(hexadecimal(prints[t]), int(closes[t]), state)
            signals.append(assemble(facts, self.spec, provenance))
        return tuple(signals)

    def __repr__(self) -> str:
        return f"SignalEngine(timeframe={self.spec.timeframe}, spec={self.spec.id}, rules={self.spec.rules.id})"

    def open_stream(self) -> SignalStream:
        """A live stream: `on_news` and `on_bar`, one event at a time, with snapshots."""
        return SignalStream(
            spec=self.spec,
            technical=self._technical,
            price_model=self._price_model,
            reader=self._reader,
            statistics=self._statistics,
            clock=self._clock,
        )

    def stream(self, events: Iterable[BarEvent | NewsItem]) -> Iterator[TradingSignal]:
        """Feed events in the order in which they became known; yields a signal for each bar that can be judged."""
        live = self.open_stream()
        for event in events:
            if isinstance(event, NewsItem):
                live.on_news(event)
                continue
            signal = live.on_bar(event)
            if signal is not None:
                yield signal

    def get_performance_stats(self) -> EngineStatistics:
        """Counts, confidence, times and cache hits since this engine was made; `signal_history` is not counted."""
        return self._statistics.report()

    def _outcomes(
        self, universe: Mapping[str, pd.DataFrame], state: PreparedNews
    ) -> Iterator[TradingSignal | AuguryError]:
        for ticker, bars in universe.items():
            try:
                yield self._generate(ticker, bars, state)
            except AuguryError as error:
                yield error

    def _outcomes_apart(
        self, universe: Mapping[str, pd.DataFrame], state: PreparedNews, workers: int
    ) -> Iterator[TradingSignal | AuguryError]:
        refused: dict[str, AuguryError] = {}
        chunks = self._checked_chunks(universe, chunk_size(len(universe), workers), refused)
        started = self._clock()
        signals = judge_in_processes(_judge, self.spec, chunks, state, workers, self._price_model.artefact)
        judged = next(signals, None)
        for ticker in universe:
            if ticker in refused:
                yield refused[ticker]
                continue
            assert judged is not None
            signal, judged = judged, next(signals, None)
            now = self._clock()
            self._statistics.record(signal, now - started)
            started = now
            yield signal

    def _checked_chunks(
        self, universe: Mapping[str, pd.DataFrame], size: int, refused: dict[str, AuguryError]
    ) -> Iterator[dict[str, BarArrays]]:
        """The checked bars of `size` tickers at a time; what breaks a rule goes to `refused`."""
        chunk: dict[str, BarArrays] = {}
        for number, (ticker, bars) in enumerate(universe.items(), start=1):
            try:
                chunk[ticker] = self._checked(ticker, bars)
            except AuguryError as error:
                refused[ticker] = error
            if number % size == 0 or number == len(universe):
                yield chunk
                chunk = {}

    def _generate(self, ticker: str, bars: pd.DataFrame, state: PreparedNews) -> TradingSignal:
        started = self._clock()
        return self._judge(ticker, self._checked(ticker, bars), state, started)

    def _judge(
        self, ticker: str, arrays: BarArrays, state: PreparedNews, started: float | None = None
    ) -> TradingSignal:
        started = self._clock() if started is None else started
        closes = close_times(arrays.opened_at, self._timeframe)
        provenance = self._provenance(bars_fingerprint(arrays), int(closes[-1]), state)
        known = self._memory.get(ticker, provenance)
        if known is not None:
            self._statistics.record(known, None)
            return known
        window = self.spec.sizing.volatility_bars + 1
        recent = arrays.matrix[3, -window:]
        facts = BarFacts(
            ticker,
            int(closes[-1]),
            float(arrays.matrix[3, -1]),
            self._technical.latest(arrays, RECENT_BARS),
            self._sentiment(ticker, closes, state, 1)[:, -1],
            volatility(recent) if recent.size == window else float("nan"),
            *self._price_model.latest(arrays).tolist(),
        )
        signal = assemble(facts, self.spec, provenance)
        self._memory.put(ticker, provenance, signal)
        self._statistics.record(signal, self._clock() - started)
        return signal

    def _checked(self, ticker: str, bars: pd.DataFrame) -> BarArrays:
        arrays = valid_arrays(bars)
        if len(arrays) < self.spec.min_bars:
            raise NotEnoughData(
                f"{ticker}: a signal needs at least {self.spec.min_bars} bars, got {len(arrays)}; give more "
                "history, or lower SignalSpec.min_bars"
            )
        shortest = int(np.diff(arrays.opened_at).min())
        refuse_shorter_bars(ticker, shortest, self._timeframe)
        refuse_longer_bars(ticker, shortest, self._timeframe)
        return arrays

    def _sentiment(self, ticker: str, closes: IntVector, state: PreparedNews, count: int) -> FloatMatrix:
        if state.news is None:
            return np.full((len(PANEL_COLUMNS), count), np.nan)
        return panel_of(state.news, ticker, closes, tail=count)

    def _provenance(self, fingerprint: str, closes_at: int, state: PreparedNews) -> Provenance:
        news = state.fingerprint_at(closes_at)
        return Provenance(
            augury=__version__,
            spec=self._ids[0],
            rules=self._ids[1],
            features=self._technical.ids,
            sentiment_model=None if news is None else state.model_version,
            bars=fingerprint,
            news=news,
            sectors=None if news is None else state.sectors,
            model=self._price_model.id,
        )


def _judge(spec: SignalSpec, artefact: Artefact | None) -> Callable[[str, BarArrays, PreparedNews], TradingSignal]:
    """How a worker process judges: its own engine, bars that are checked and news that is prepared already."""
    return SignalEngine(spec, artefact=artefact, remembered=0)._judge
