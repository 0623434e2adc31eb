"""Where a panel's bars come from: arrays, a Parquet file read in pieces, or a series of a bar store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidBars
from augury.market.bars import BarArrays, bar_arrays
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.files import existing_file
from augury.market.store import BarStore
from augury.market.times import parse_times
from augury.market.validate import validate_bars

__all__ = ["ArraySource", "BarSource", "ParquetSource", "StoreSource"]

_PIECE = 65_536


@runtime_checkable
class BarSource(Protocol):
    """Bars of one symbol, as often as they are asked for."""

    def times(self) -> IntVector:
        """Open times int64[n] ns UTC, strictly increasing."""
        ...

    def pieces(self) -> Iterator[BarArrays]:
        """The bars in order of time, checked, a piece at a time."""
        ...


@dataclass(frozen=True, slots=True)
class ArraySource:
    """Bars in memory (or memory-mapped: only the piece at work is copied)."""

    bars: BarArrays

    def times(self) -> IntVector:
        """Open times int64[n]."""
        return self.bars.opened_at

    def pieces(self) -> Iterator[BarArrays]:
        """Views of the bars."""
        for start in range(0, len(self.bars), _PIECE):
            rows = slice(start, start + _PIECE)
            yield BarArrays(self.bars.opened_at[rows], self.bars.matrix[:, rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource:
    """Bars of the one symbol in a Parquet file sorted by time, read a piece at a time; `zone` as in `validate_bars`."""

    path: Path
    zone: str | None = None

    def times(self) -> IntVector:
        """Open times int64[n]; only that column is read."""
        import pyarrow.parquet as pq

        file = pq.ParquetFile(existing_file(self.path, error=InvalidBars))
        column = find_columns(file.schema_arrow.names, BAR_SPELLINGS, error=InvalidBars).get("timestamp")
        if column is None:
            raise InvalidBars(f"{self.path}: expected a time column, got {', '.join(file.schema_arrow.names)}")
        parts = [
            parse_times(batch.column(0).to_pandas(), zone=self.zone, error=InvalidBars).nanoseconds
            for batch in file.iter_batches(batch_size=_PIECE, columns=[column])
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def pieces(self) -> Iterator[BarArrays]:
        """The file's rows, checked by `validate_bars`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(existing_file(self.path, error=InvalidBars), memory_map=True) as file:
            for batch in file.iter_batches(batch_size=_PIECE):
                yield bar_arrays(validate_bars(pa.Table.from_batches([batch]).to_pandas(), zone=self.zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSource:
    """Bars of one stored series that open in [start, end), read a stretch of time at a time."""

    store: BarStore
    symbol: str
    timeframe: str
    start: int | None = None
    end: int | None = None

    def times(self) -> IntVector:
        """Open times int64[n]."""
        parts = [piece.opened_at for piece in self.pieces()]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def pieces(self) -> Iterator[BarArrays]:
        """The bars by stretches that hold about as many as a piece."""
        series = next(
            (s for s in self.store.describe() if (s.symbol, s.timeframe) == (self.symbol, self.timeframe)), None
        )
        if series is None:
            self.store.read(self.symbol, self.timeframe)  # raises NotFound with the nearest names
            return
        first, last = int(series.first.value), int(series.last.value)
        step = max(1, -(-(last - first + 1) * _PIECE // series.bars))
        begin, stop = max(first, self.start or first), min(last + 1, self.end or last + 1)
        for moment in range(begin, stop, step):
            frame = self.store.read(self.symbol, self.timeframe, moment, min(moment + step, stop))
            if len(frame):
                yield bar_arrays(frame)
