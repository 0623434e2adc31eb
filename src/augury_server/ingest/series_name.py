"""Which series is meant, and whether bars are fit for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidBars, InvalidInput
from augury.market import BarArrays, Timeframe, bar_arrays, close_times, instant, iso, validate_bars
from augury.market.store_names import checked_symbol
from augury.market.times import Moment
from augury_server.ingest.bar_rows import KnownBars

__all__ = ["NO_BARS", "KnownAt", "SeriesName"]

KnownAt: TypeAlias = Moment | IntVector
"""When bars became known: one moment for all, or int64[n] ns UTC, one for each."""

NO_BARS = BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0), dtype=np.float64))


@dataclass(frozen=True, slots=True)
class SeriesName:
    """A symbol and a timeframe, checked."""

    symbol: str
    timeframe: Timeframe

    @classmethod
    def of(cls, symbol: str, timeframe: str | Timeframe) -> SeriesName:
        """Check both; InvalidInput for what is no symbol or no timeframe."""
        checked = checked_symbol(symbol)
        if "\0" in checked:
            raise InvalidInput(f"a symbol in the database has no zero bytes, got {symbol!r}")
        return cls(checked, Timeframe.of(timeframe))

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe}"

    def arrays(self, bars: Any) -> BarArrays:
        """The arrays of bars; InvalidBars when they are none, or closer to one another than the timeframe."""
        arrays = bar_arrays(validate_bars(bars))
        close = np.flatnonzero(np.diff(arrays.opened_at) < self.timeframe.shortest_spacing_ns)
        if len(close):
            at = int(close[0])
            raise InvalidBars(
                f"{self}: expected bars at least {self.timeframe} apart, rows {at} and {at + 1} open at "
                f"{iso(int(arrays.opened_at[at]))} and {iso(int(arrays.opened_at[at + 1]))}; resample, or store them "
                "under their own timeframe"
            )
        return arrays

    def arrays_within(self, bars: Any, first: int, stop: int) -> BarArrays:
        """The arrays of bars, empty for None; InvalidInput when one opens outside [first, stop), ns UTC."""
        if bars is None or len(bars) == 0:
            return NO_BARS
        arrays = self.arrays(bars)
        outside = (arrays.opened_at < first) | (arrays.opened_at >= stop)
        if outside.any():
            raise InvalidInput(
                f"{self}: {int(outside.sum())} bars open outside the range {iso(first)} to {iso(stop)} that they "
                f"should replace, the first at {iso(int(arrays.opened_at[outside][0]))}"
            )
        return arrays

    def known(self, bars: BarArrays, known_at: KnownAt | None) -> KnownBars:
        """The bars with the time at which each became known: its close, or `known_at` when that is later."""
        closes = close_times(bars.opened_at, self.timeframe)
        if known_at is None:
            return KnownBars(bars, closes)
        if not isinstance(known_at, np.ndarray):
            return KnownBars(bars, np.maximum(closes, instant(known_at, what="known_at")))
        if known_at.shape != closes.shape or known_at.dtype != np.int64:
            raise InvalidInput(
                f"{self}: expected known_at as int64[{len(bars)}] ns, one a bar, got {known_at.dtype}{known_at.shape}"
            )
        return KnownBars(bars, np.maximum(closes, known_at))
