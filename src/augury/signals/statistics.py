"""What an engine has done so far: counts, times, cache hits. Safe to update from several threads."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from augury.signals.signal import TradingSignal

__all__ = ["EngineStatistics", "StatisticsRecorder"]

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatistics:
    """Totals since the engine was made; times in milliseconds over the last 10,000 signals that were computed.

    Times are None before the first computed signal. `cached` signals were answered from memory and are not timed; of
    signals that worker processes made, the time is that since the one before came in.
    """

    signals: int
    buy: int
    sell: int
    hold: int
    high_conviction: int
    cached: int
    cache_hit_ratio: float | None
    mean_confidence: float | None
    mean_ms: float | None
    median_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    signals_per_second: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return asdict(self)


class StatisticsRecorder:
    """Collects what `EngineStatistics` reports."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: Counter[str] = Counter()
        self._conviction = 0
        self._cached = 0
        self._confidence = 0.0
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def record(self, signal: TradingSignal, seconds: float | None) -> None:
        """Count one signal; `seconds` is the time it took, None when it came from the cache."""
        with self._lock:
            self._kinds[signal.signal_type] += 1
            self._conviction += signal.is_high_conviction
            self._confidence += signal.confidence
            if seconds is None:
                self._cached += 1
            else:
                self._seconds.append(seconds)

    def report(self) -> EngineStatistics:
        """The totals so far."""
        with self._lock:
            kinds, cached, conviction = dict(self._kinds), self._cached, self._conviction
            confidence, seconds = self._confidence, np.array(self._seconds) * 1e3
        total = sum(kinds.values())
        timed = seconds.size > 0
        return EngineStatistics(
            signals=total,
            buy=kinds.get("BUY", 0),
            sell=kinds.get("SELL", 0),
            hold=kinds.get("HOLD", 0),
            high_conviction=conviction,
            cached=cached,
            cache_hit_ratio=cached / total if total else None,
            mean_confidence=confidence / total if total else None,
            mean_ms=float(seconds.mean()) if timed else None,
            median_ms=float(np.median(seconds)) if timed else None,
            p95_ms=float(np.quantile(seconds, 0.95)) if timed else None,
            p99_ms=float(np.quantile(seconds, 0.99)) if timed else None,
            max_ms=float(seconds.max()) if timed else None,
            signals_per_second=1e3 / float(seconds.mean()) if timed else None,
        )
