"""Signals already computed, kept by what made them: the same data, versions and ticker are never judged twice."""

from __future__ import annotations

import threading
from collections import OrderedDict

from augury.errors import InvalidInput
from augury.signals.signal import Provenance, TradingSignal

__all__ = ["SignalMemory"]


class SignalMemory:
    """A bounded least-recently-used store keyed by ticker and full provenance, safe to use from several threads.

    The key holds the fingerprints of bars and news and the ids of spec, rules, features, model and sectors, so an
    answer can never belong to other data of the same length or to other options.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 0:
            raise InvalidInput(f"expected 0 or more remembered signals, got {capacity}; 0 remembers none")
        self._capacity = capacity
        self._lock = threading.Lock()
        self._signals: OrderedDict[tuple[str, Provenance], TradingSignal] = OrderedDict()

    def get(self, ticker: str, provenance: Provenance) -> TradingSignal | None:
        """The signal made earlier from exactly this, or None."""
        key = (ticker, provenance)
        with self._lock:
            signal = self._signals.get(key)
            if signal is not None:
                self._signals.move_to_end(key)
            return signal

    def put(self, ticker: str, provenance: Provenance, signal: TradingSignal) -> None:
        """Remember a signal; the least recently used one is forgotten when the store is full."""
        with self._lock:
            self._signals[ticker, provenance] = signal
            while len(self._signals) > self._capacity:
                self._signals.popitem(last=False)
