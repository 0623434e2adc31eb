"""Bars from the platform's database, as a source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from augury.market import Timeframe, bar_arrays
from augury.market.sources.window import Window, bars_within
from augury.market.times import Moment
from augury_server.ingest.database_bars import DatabaseBars

__all__ = ["DatabaseSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSource:
    """The stored bars as they were known at `now`: a late or restated bar is absent, or has its old values, before."""

    bars: DatabaseBars = field(default_factory=DatabaseBars)

    name: ClassVar[str] = "database"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`. Without `now` the values are the current ones, closed by `end`.

        Errors are those of `DatabaseBars.read`, and NotEnoughData for a range without bars.
        """
        window = Window.of(symbol, timeframe, start, end, now)
        known_by = None if now is None else window.now
        read = self.bars.read(symbol, window.timeframe, window.start, window.end, known_by=known_by)
        arrays = bar_arrays(read)
        return bars_within(self.name, window, arrays.opened_at, arrays.matrix)
