"""Where a panel's bars come from: arrays, a Parquet file read in pieces, or a series of a bar store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidBars
from augury.market.bars import BAR_COLUMNS, BarArrays, bar_arrays
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.files import existing_file
from augury.market.store import BarStore
from augury.market.times import parse_times
from augury.market.validate import check_bar_arrays, validate_bars

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

        with pq.ParquetFile(existing_file(self.path, error=InvalidBars)) as file:
            names = file.schema_arrow.names
            column = find_columns(names, BAR_SPELLINGS, error=InvalidBars).get("timestamp")
            if column is None:
                raise InvalidBars(f"{self.path}: expected a time column, got {', '.join(names)}")
            parts = [
                self._times(batch.column(0)) for batch in file.iter_batches(batch_size=_PIECE, columns=[str(column)])
            ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def pieces(self) -> Iterator[BarArrays]:
        """The file's rows, checked as `validate_bars` does."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(existing_file(self.path, error=InvalidBars)) as file:
            for group in range(file.num_row_groups):  # all at once, the reader would keep every group it has passed
                for batch in file.iter_batches(batch_size=_PIECE, row_groups=[group]):
                    plain = _plain_bars(batch)
                    if plain is None:
                        frame = pa.Table.from_batches([batch]).to_pandas()
                        plain = bar_arrays(validate_bars(frame, zone=self.zone))
                    yield plain

    def _times(self, column: Any) -> IntVector:
        plain = _plain_times(column)
        if plain is not None:
            return plain
        return parse_times(column.to_pandas(), zone=self.zone, error=InvalidBars).nanoseconds


def _plain_times(column: Any) -> IntVector | None:
    """The times of an arrow column of instants without a missing one, taken over as they are; None for any other."""
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type) or column.type.tz is None or column.null_count:
        return None
    try:
        nanoseconds: IntVector = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # years that nanoseconds cannot tell: left to the reader that names the rows
        return None
    return nanoseconds


def _plain_bars(batch: Any) -> BarArrays | None:
    """The bars of an arrow batch of instants and float64 columns, checked; None for any other, which takes longer."""
    import pyarrow as pa

    columns = find_columns(batch.schema.names, BAR_SPELLINGS, error=InvalidBars)
    if set(columns) != {"timestamp", *BAR_COLUMNS}:
        return None
    prices = [batch.column(str(columns[name])) for name in BAR_COLUMNS]
    opened_at = _plain_times(batch.column(str(columns["timestamp"])))
    if opened_at is None or any(price.type != pa.float64() or price.null_count for price in prices):
        return None
    bars = BarArrays(opened_at, np.stack([price.to_numpy() for price in prices]))
    check_bar_arrays(bars)
    return bars


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
