"""Bars to check trades against: a symbol of the trades matched with a symbol of the bars, and bars found by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector
from augury.audit.claim import NO_TIME, ClaimedTrades
from augury.errors import InvalidInput, NotFound
from augury.market import bar_arrays, infer_timeframe, read_universe
from augury.market.columns import plain_name
from augury.market.validate import Stamp

__all__ = ["Prices", "SymbolBars", "match_prices", "read_prices"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolBars:
    """Bars of one symbol: `opened_at` and `closed_at` int64[n] ns UTC, `matrix` float64[5, n] open to volume."""

    symbol: str
    opened_at: IntVector
    closed_at: IntVector
    matrix: FloatMatrix

    def bar_of(self, times: IntVector) -> IntVector:
        """The bar that holds each time, int64[m]; -1 before the first bar, after the last and for `NO_TIME`.

        Times between two bars, at night for instance, belong to the earlier one.
        """
        at = np.searchsorted(self.opened_at, times, side="right") - 1
        outside = (times == NO_TIME) | (at < 0) | (times > self.closed_at[-1])
        return np.asarray(np.where(outside, -1, at), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """Bars by the name that the trades have for the symbol; `unmatched` symbols of the trades have none."""

    by_symbol: Mapping[str, SymbolBars]
    unmatched: tuple[str, ...] = ()
    universe: tuple[SymbolBars, ...] = ()

    def clock(self) -> IntVector:
        """The closes of all matched bars, int64[n] ns UTC, increasing."""
        return np.unique(np.concatenate([bars.closed_at for bars in self.by_symbol.values()]))


def read_prices(
    paths: Sequence[str | Path], *, zone: str | None = None, stamp: Stamp = "open"
) -> tuple[SymbolBars, ...]:
    """All symbols of files of bars. Raises what `read_universe` raises."""
    universe = read_universe(*paths, zone=zone, stamp=stamp)
    return tuple(_symbol_bars(symbol, frame) for symbol, frame in universe.items())


def _symbol_bars(symbol: str, frame: pd.DataFrame) -> SymbolBars:
    arrays = bar_arrays(frame)
    if len(arrays) < 3:
        raise InvalidInput(f"bars of {symbol}: expected at least 3 bars, got {len(arrays)}")
    length = infer_timeframe(arrays.opened_at).ns
    closed = np.minimum(arrays.opened_at + length, np.append(arrays.opened_at[1:], arrays.opened_at[-1] + length))
    return SymbolBars(symbol=symbol, opened_at=arrays.opened_at, closed_at=closed, matrix=arrays.matrix)


def match_prices(trades: ClaimedTrades, universe: Sequence[SymbolBars]) -> Prices:
    """The bars of each symbol that was traded.

    Names are compared without case and punctuation ("BTC/USDT" is "btc_usdt", and "BTC" when no other symbol begins
    so). One symbol and one series belong together whatever they are called. NotFound when no symbol has bars.
    """
    wanted = trades.symbols
    if len(wanted) == 1 and len(universe) == 1:
        return Prices(by_symbol={wanted[0]: universe[0]}, universe=tuple(universe))
    plain = {plain_name(bars.symbol): bars for bars in universe}
    found = {}
    for symbol in wanted:
        exact = plain.get(plain_name(symbol))
        starts = [bars for name, bars in plain.items() if name and plain_name(symbol).startswith(name)]
        bars = exact or (starts[0] if len(starts) == 1 else None)
        if bars is not None:
            found[symbol] = bars
    if not found:
        raise NotFound(
            f"the bars hold {', '.join(bars.symbol for bars in universe[:8])}, the trades {', '.join(wanted[:8])}: "
            "no symbol "
            "is in both; name the files or their symbol column as the trades do"
        )
    return Prices(by_symbol=found, unmatched=tuple(one for one in wanted if one not in found), universe=tuple(universe))
