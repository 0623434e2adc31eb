"""Bars from a `BarStore`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from augury.market.bars import bar_arrays
from augury.market.sources.window import Window, bars_within
from augury.market.store import BarStore
from augury.market.timeframe import Timeframe
from augury.market.times import Moment

__all__ = ["StoreSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSource:
    """The bars of a store, given as the store or as its folder."""

    store: BarStore | str

    name: ClassVar[str] = "store"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`; errors are those of `BarStore.read`, and NotEnoughData for a range without bars."""
        window = Window.of(symbol, timeframe, start, end, now)
        store = self.store if isinstance(self.store, BarStore) else BarStore(self.store)
        arrays = bar_arrays(store.read(symbol, window.timeframe, window.start, window.end))
        return bars_within(self.name, window, arrays.opened_at, arrays.matrix)
