"""Bars kept on disk: Parquet files read through DuckDB, no server, whole whatever happens to a writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import pandas as pd

from augury.errors import InvalidBars, InvalidInput, Misconfigured, NotFound, Unavailable, nearest
from augury.market.bars import BarArrays, bar_arrays, bars_frame, time_index
from augury.market.store_disk import explained
from augury.market.store_manifest import MANIFEST, DamagedStore, Manifest
from augury.market.store_names import checked_symbol, symbol_of
from augury.market.store_parts import PartProblem, check_part, literal_paths
from augury.market.store_query import select_bars
from augury.market.store_series import Series, damaged
from augury.market.timeframe import Timeframe
from augury.market.times import Moment, instant, iso
from augury.market.validate import validate_bars
from augury.spec import Spec

__all__ = ["BarStore", "BarStoreSpec", "Damage", "DamagedStore", "StoredSeries"]

_LOOKS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BarStoreSpec(Spec):
    """How a store behaves.

    `lock_timeout_seconds`: how long a writer waits for another one. `compact_at_parts`: so many small neighbouring part
    files are joined by the next append. `full_part_bars`: a part of so many bars is left alone. `verify_on_read`: check
    the hash of a part file before its first use in a process.
    """

    lock_timeout_seconds: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    compact_at_parts: Annotated[int, msgspec.Meta(ge=2)] = 32
    full_part_bars: Annotated[int, msgspec.Meta(ge=1)] = 100_000
    verify_on_read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSeries:
    """What the store holds of one symbol and timeframe: `first` and `last` are open times (UTC), `bytes` on disk."""

    symbol: str
    timeframe: str
    bars: int
    first: pd.Timestamp
    last: pd.Timestamp
    bytes: int
    parts: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One file of the store that is missing or not what was written."""

    symbol: str
    timeframe: str
    file: str
    problem: str


class BarStore:
    """Bars of many symbols and timeframes in a folder.

    A series, the bars of one symbol and timeframe, is a few immutable Parquet files and a manifest that names them.
    A write adds files and then replaces the manifest in one rename: readers, of any process and without a lock, see the
    state before or after it and never between; a writer killed at any moment leaves the state before. Writers of one
    series wait for one another. Times are kept to the nanosecond and prices bit for bit.

    Errors: NotFound for a symbol or timeframe that is not stored, Conflict for an append that contradicts stored bars,
    Unavailable for a lock held too long or a full disk, Misconfigured for a folder that cannot be used, DamagedStore
    for files changed from outside.

    >>> import tempfile
    >>> import pandas as pd
    >>> days = pd.date_range("2024-01-01", periods=3, tz="UTC", name="timestamp")
    >>> bars = pd.DataFrame({"open": 9.0, "high": 9.5, "low": 8.5, "close": 9.2, "volume": 100.0}, index=days)
    >>> store = BarStore(tempfile.mkdtemp())
    >>> store.append("BTC/USDT", "1D", bars)
    3
    >>> float(store.read("BTC/USDT", "1D", start="2024-01-03T00:00Z")["close"].iloc[0])
    9.2
    """

    def __init__(self, folder: str | Path, spec: BarStoreSpec | None = None) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.spec = spec or BarStoreSpec()

    def __repr__(self) -> str:
        return f"BarStore({str(self.folder)!r})"

    def append(self, symbol: str, timeframe: str | Timeframe, bars: Any) -> int:
        """Add bars after the last or before the first stored one; returns how many were new.

        `bars` is whatever `validate_bars` takes. Bars that are stored already are passed over when they are equal in
        every bit; Conflict, naming rows, when they differ or lie between stored ones, and then nothing is appended.
        """
        series = self._series(symbol, timeframe)
        return series.append(_arrays_of(bars, series))

    def replace_range(self, symbol: str, timeframe: str | Timeframe, bars: Any, start: Moment, end: Moment) -> None:
        """Put `bars` in the place of all that open in [start, end), in one step; None or no rows removes them.

        Raises InvalidInput when start is not before end or a bar lies outside, and then nothing changes.
        """
        series = self._series(symbol, timeframe)
        first, stop = instant(start, what="start"), instant(end, what="end")
        if first >= stop:
            raise InvalidInput(f"start should be before end, got {iso(first)} and {iso(stop)}")
        if bars is None or len(bars) == 0:
            arrays = BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0), dtype=np.float64))
            if series.manifest() is None:
                raise self._unknown(series)
        else:
            arrays = _arrays_of(bars, series)
            outside = (arrays.opened_at < first) | (arrays.opened_at >= stop)
            if outside.any():
                raise InvalidInput(
                    f"{series.name}: {int(outside.sum())} bars open outside the range {iso(first)} to {iso(stop)} that "
                    f"they should replace, the first at {iso(int(arrays.opened_at[outside][0]))}"
                )
        series.replace_range(arrays, first, stop)

    def read(
        self, symbol: str, timeframe: str | Timeframe, start: Moment | None = None, end: Moment | None = None
    ) -> pd.DataFrame:
        """Bars that open in [start, end), keeping the Bars contract; a frame without rows when there are none.

        All rows come from one version of the series, whatever is written meanwhile. A bar is known one timeframe after
        its open. Raises NotFound when the store has no bars of that symbol and timeframe.
        """
        series = self._series(symbol, timeframe)
        first = None if start is None else instant(start, what="start")
        stop = None if end is None else instant(end, what="end")
        if series.manifest() is None:
            raise self._unknown(series)
        bars = series.read(first, stop)
        return bars_frame(bars.opened_at, bars.matrix)

    def read_many(
        self,
        symbols: Iterable[str],
        timeframe: str | Timeframe,
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> dict[str, pd.DataFrame]:
        """`read` for each symbol, in the order given; NotFound names the first symbol that is not stored."""
        if isinstance(symbols, str):
            raise InvalidInput(f"expected several symbols, got the text {symbols!r}; write [{symbols!r}]")
        return {symbol: self.read(symbol, timeframe, start, end) for symbol in symbols}

    def symbols(self, timeframe: str | Timeframe | None = None) -> list[str]:
        """Symbols with stored bars, sorted; of one timeframe only when it is given."""
        wanted = None if timeframe is None else str(Timeframe.of(timeframe))
        return sorted({symbol for symbol, stored in self._names() if wanted in (None, stored)})

    def describe(self) -> tuple[StoredSeries, ...]:
        """What is stored, one record a symbol and timeframe, sorted."""
        return tuple(
            StoredSeries(
                symbol=manifest.symbol,
                timeframe=manifest.timeframe,
                bars=manifest.bars,
                first=time_index(np.array([manifest.parts[0].first]))[0],
                last=time_index(np.array([manifest.parts[-1].last]))[0],
                bytes=sum(part.bytes for part in manifest.parts),
                parts=len(manifest.parts),
                version=manifest.version,
            )
            for _, manifest in self._snapshot()
        )

    def delete(self, symbol: str, timeframe: str | Timeframe | None = None) -> None:
        """Remove a symbol's bars of one timeframe, or of all; NotFound when there are none. Damage does not stop it."""
        wanted = None if timeframe is None else str(Timeframe.of(timeframe))
        checked_symbol(symbol)
        stored = [name for name in self._names() if name[0] == symbol and wanted in (None, name[1])]
        if not stored:
            raise self._unknown(self._series(symbol, wanted or "1D"))
        for name in stored:
            self._series(*name).delete()

    def compact(self, symbol: str, timeframe: str | Timeframe) -> int:
        """Join small neighbouring part files now, as appending does by itself; returns how many files remain."""
        series = self._series(symbol, timeframe)
        if series.manifest() is None:
            raise self._unknown(series)
        return series.compact()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
        """The result of one SELECT over the view `bars` (symbol, timeframe, timestamp, open, high, low, close, volume).

        `timestamp` is the open time, TIMESTAMP_NS in UTC; time columns of the result carry UTC. Each `?` in the SQL
        stands for one of `parameters`. Nothing but the store can be read and nothing written; InvalidInput for any
        other statement.
        """
        for _ in range(_LOOKS):
            snapshot = self._snapshot()
            paths: list[str] = []
            try:
                for series, manifest in snapshot:
                    for part in manifest.parts if self.spec.verify_on_read else ():
                        check_part(series.folder, part)
                    paths += literal_paths(series.folder, manifest.parts)
                return select_bars(self.folder, paths, sql, parameters)
            except PartProblem as problem:
                if self._snapshot() == snapshot:
                    whole = next((one for one in snapshot if any(p.file in str(problem) for p in one[1].parts)), None)
                    if whole is None:
                        raise Unavailable(f"{self.folder}: cannot be read: {problem}") from problem
                    raise damaged(whole[0].name, whole[1], str(problem)) from problem
        raise Unavailable(f"{self.folder}: was rewritten {_LOOKS} times while the query ran; retry")

    def verify(self) -> tuple[Damage, ...]:
        """Hash every file again; returns the ones that are missing or changed, none when the store is whole."""
        found = []
        for symbol, timeframe in self._names():
            series = self._series(symbol, timeframe)
            try:
                manifest = series.manifest()
            except Misconfigured as problem:
                found.append(Damage(symbol=symbol, timeframe=timeframe, file="manifest.json", problem=str(problem)))
                continue
            for part in manifest.parts if manifest else ():
                try:
                    check_part(series.folder, part, again=True)
                except PartProblem as problem:
                    if series.manifest() == manifest:
                        found.append(Damage(symbol=symbol, timeframe=timeframe, file=part.file, problem=str(problem)))
        return tuple(found)

    def _series(self, symbol: str, timeframe: str | Timeframe) -> Series:
        return Series(
            root=self.folder,
            symbol=checked_symbol(symbol),
            timeframe=str(Timeframe.of(timeframe)),
            **self.spec.to_dict(),
        )

    def _names(self) -> list[tuple[str, str]]:
        """Every stored symbol and timeframe, sorted."""
        with explained("read the store", self.folder):
            if not self.folder.exists():
                return []
            found = []
            for folder in self.folder.iterdir():
                symbol = symbol_of(folder.name)
                for inner in folder.iterdir() if symbol else ():
                    kind, _, timeframe = inner.name.partition("=")
                    if kind == "timeframe" and (inner / MANIFEST).exists():
                        found.append((str(symbol), timeframe))
        return sorted(found)

    def _snapshot(self) -> list[tuple[Series, Manifest]]:
        every = [self._series(*name) for name in self._names()]
        return [(series, manifest) for series in every if (manifest := series.manifest()) is not None]

    def _unknown(self, series: Series) -> NotFound:
        frames = [timeframe for symbol, timeframe in self._names() if symbol == series.symbol]
        if frames:
            return NotFound(f"{self.folder}: no {series.timeframe} bars of {series.symbol!r}, only {', '.join(frames)}")
        known = self.symbols()
        hint = nearest(series.symbol, known) if known else "the store is empty"
        return NotFound(f"{self.folder}: no bars of {series.symbol!r}; {hint}")


def _arrays_of(bars: Any, series: Series) -> BarArrays:
    arrays = bar_arrays(validate_bars(bars))
    shortest = Timeframe.of(series.timeframe).shortest_spacing_ns
    close = np.flatnonzero(np.diff(arrays.opened_at) < shortest)
    if len(close):
        at = int(close[0])
        raise InvalidBars(
            f"{series.name}: expected bars at least {series.timeframe} apart, rows {at} and {at + 1} open at "
            f"{iso(int(arrays.opened_at[at]))} and {iso(int(arrays.opened_at[at + 1]))}; resample, or store them under "
            "their own timeframe"
        )
    return arrays
