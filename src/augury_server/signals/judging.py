"""The signal engine as a universe asks for it, and its judgement of some symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import AuguryError
from augury.learning import Artefact
from augury.market.bars import bars_frame
from augury.market.news import NewsItem
from augury.market.timeframe import close_times
from augury.sentiment import load_model
from augury.sentiment.score_cache import CachedModel, ScoreCache
from augury.signals import PreparedNews, SignalEngine, TradingSignal
from augury_server.ingest.bar_rows import KnownBars
from augury_server.settings.current import current_settings
from augury_server.signals.models import Universe
from augury_server.signals.rows import NewSignal
from augury_server.signals.universes import spec_of

__all__ = ["Judged", "Judges", "engine_of"]

SCORES_FILE = "sentiment-scores.sqlite3"
_BARS_FOR_ONE = 16
"""So many bars of a history take the time of one signal by itself, about a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Signals of some symbols, and the reason for each symbol that has none."""

    signals: tuple[NewSignal, ...]
    refused: Mapping[str, str]


def engine_of(
    universe: Universe, news: Sequence[NewsItem], artefact: Artefact | None
) -> tuple[SignalEngine, PreparedNews]:
    """The library's engine with the universe's options, and the news as it reads them.

    A text is scored once for all runs and processes of this machine.
    """
    with ScoreCache(path=current_settings().home / SCORES_FILE) as scores:
        model = CachedModel(load_model(universe.sentiment_model), scores) if news else None
        engine = SignalEngine(spec_of(universe), model=model, artefact=artefact, sectors=universe.sectors)
        return engine, engine.prepare_news(news)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """An engine with the news that it compares, how many bars back it judges, and the id of its price model."""

    engine: SignalEngine
    news: PreparedNews
    universe: str
    last: int
    model_id: str = ""

    def judge(self, symbols: Sequence[str], known: Mapping[str, KnownBars]) -> Judged:
        """The signals of these symbols from bars as they were known: the library's own, stamped with when.

        A signal is known when the last of the bars up to its own was: at its close, or later where one of them came
        late or was mended.
        """
        refused = {symbol: f"no bars of {symbol} were known by then" for symbol in symbols if symbol not in known}
        found: dict[str, tuple[TradingSignal, ...]] = {}
        frames = {symbol: bars_frame(bars.bars.opened_at, bars.bars.matrix) for symbol, bars in known.items()}
        if self.last == 1:
            batch = self.engine.generate_signals_batch(frames, self.news, on_error="collect")
            found = {signal.ticker: (signal,) for signal in batch}
            refused |= batch.refused
        else:
            for symbol, frame in frames.items():
                try:
                    found[symbol] = self._last(symbol, frame)
                except AuguryError as error:
                    refused[symbol] = str(error)
        made = [self._stamped(signal, known[symbol]) for symbol in found for signal in found[symbol]]
        return Judged(signals=tuple(made), refused=refused)

    def _last(self, symbol: str, frame: pd.DataFrame) -> tuple[TradingSignal, ...]:
        """The signals at the last bars: one by one where they are few of many, since a history judges every bar."""
        count = len(frame)
        if self.last * _BARS_FOR_ONE > count:
            return self.engine.signal_history(symbol, frame, self.news)[-self.last :]
        first = min(max(count - self.last + 1, self.engine.spec.min_bars), count)
        ends = range(first, count + 1)
        return tuple(self.engine.generate_signal(symbol, frame.iloc[:end], self.news) for end in ends)

    def _stamped(self, signal: TradingSignal, bars: KnownBars) -> NewSignal:
        timeframe = self.engine.spec.timeframe
        closes: IntVector = close_times(bars.bars.opened_at, timeframe)
        used = int(np.searchsorted(closes, signal.timestamp_ns, side="right"))
        known_at = max(signal.timestamp_ns, int(bars.known_at[:used].max()))
        return NewSignal(signal=signal, universe=self.universe, timeframe=timeframe, known_at_ns=known_at)
