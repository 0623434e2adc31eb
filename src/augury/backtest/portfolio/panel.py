"""Aligned bars of many symbols: what a portfolio is run on, in memory or read from files block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.backtest.portfolio.panel_actions import PanelAction, action_rows
from augury.backtest.portfolio.panel_sources import ArraySource, BarSource, ParquetSource, StoreSource
from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound, nearest
from augury.market.bars import BarArrays
from augury.market.read import read_universe
from augury.market.store import BarStore
from augury.market.time_grids import check_grid, check_times, one_timeframe, union_of
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import Moment, instant, iso
from augury.market.validate import check_bar_arrays, valid_arrays

__all__ = ["Panel", "PanelBlock"]

_LAZY = (".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class PanelBlock:
    """Bars `start`, `start` + 1, ... of a panel: `opened_at` int64[m], `values` float64[5, m, k].

    `values` holds open, high, low, close and volume; all five are NaN where a symbol has no bar.
    """

    start: int
    opened_at: IntVector
    values: FloatMatrix

    def __len__(self) -> int:
        return int(self.opened_at.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Bars of k symbols on the union of their open times, `opened_at` int64[n] ns UTC; made by `of` or `from_...`.

    A symbol without a bar at some time cannot be traded then and is valued at its last close; before its first bar it
    does not exist. `first` and `last` int64[k] are each symbol's first and last bar, counted in the panel. A bar is
    known one `timeframe` after it opened. `actions` are the splits, dividends and delistings.

    >>> from augury.sample import load_sample
    >>> panel = Panel.of(load_sample().bars)
    >>> panel.symbols, len(panel), panel.listed_at("FB").isoformat()
    (('AAPL', 'FB', 'GOOG', 'IBM', 'MSFT'), 3270, '2012-05-18T00:00:00+00:00')
    """

    symbols: tuple[str, ...]
    opened_at: IntVector
    timeframe: Timeframe
    sources: tuple[BarSource, ...]
    first: IntVector
    last: IntVector
    actions: FloatMatrix = field(default_factory=lambda: action_rows((), (), np.empty(0, dtype=np.int64)))
    dense: FloatMatrix | None = None

    @classmethod
    def of(
        cls,
        bars: Mapping[str, Any],
        *,
        timeframe: str | Timeframe | None = None,
        actions: Sequence[PanelAction] = (),
        delist_ended: bool = True,
    ) -> Panel:
        """A panel from symbol to bars: a frame (whatever `validate_bars` takes), `BarArrays`, or a `BarSource`.

        The symbols must share one timeframe (inferred when None) and its grid; InvalidInput says which do not. With
        `delist_ended`, a symbol whose bars end before the panel does is taken to be delisted at the panel's next bar at
        its last close, as `PanelAction(..., delisted=True)` says it with a price of its own.
        """
        if not bars:
            raise InvalidInput("expected bars of at least one symbol, got none")
        symbols = tuple(bars)
        sources = tuple(_source(name, value) for name, value in bars.items())
        return _aligned(symbols, sources, timeframe, actions, delist_ended)

    @classmethod
    def from_files(
        cls,
        *paths: str | Path,
        zone: str | None = None,
        timeframe: str | Timeframe | None = None,
        actions: Sequence[PanelAction] = (),
        delist_ended: bool = True,
    ) -> Panel:
        """A panel from files. A Parquet file is one symbol, named like the file, and read block by block; others are
        read whole by `read_universe`. `zone` as there, the rest as in `of`.
        """
        lazy = [Path(path) for path in paths if Path(path).suffix.lower() in _LAZY]
        whole = [path for path in paths if Path(path) not in lazy]
        bars: dict[str, Any] = {path.name.split(".")[0]: ParquetSource(path=path, zone=zone) for path in lazy}
        if len(bars) < len(lazy):
            raise InvalidInput("expected Parquet files of different names, one a symbol; rename one of them")
        if whole or not paths:
            for name, frame in read_universe(*whole, zone=zone).items():
                if name in bars:
                    raise InvalidInput(f"symbol {name!r} comes from two files; keep one of them")
                bars[name] = frame
        return cls.of(dict(sorted(bars.items())), timeframe=timeframe, actions=actions, delist_ended=delist_ended)

    @classmethod
    def from_store(
        cls,
        store: BarStore,
        timeframe: str | Timeframe,
        symbols: Sequence[str] | None = None,
        span: tuple[Moment | None, Moment | None] = (None, None),
        *,
        actions: Sequence[PanelAction] = (),
        delist_ended: bool = True,
    ) -> Panel:
        """A panel of stored series, read block by block: all symbols of that timeframe, or those named, in `span`."""
        step = Timeframe.of(timeframe)
        start, end = (None if moment is None else instant(moment, what="span") for moment in span)
        names = store.symbols(step) if symbols is None else list(symbols)
        bars = {
            name: StoreSource(store=store, symbol=name, timeframe=str(step), start=start, end=end) for name in names
        }
        return cls.of(bars, timeframe=step, actions=actions, delist_ended=delist_ended)

    def __len__(self) -> int:
        return int(self.opened_at.shape[0])

    @property
    def closed_at(self) -> IntVector:
        """When each bar is known, int64[n]."""
        return self.opened_at + self.timeframe.ns

    def position(self, symbol: str) -> int:
        """Where the symbol stands; NotFound names the nearest ones."""
        if symbol not in self.symbols:
            raise NotFound(f"the panel has no symbol {symbol!r}; {nearest(symbol, self.symbols)}")
        return self.symbols.index(symbol)

    def listed_at(self, symbol: str) -> Any:
        """Open time of the symbol's first bar, a pd.Timestamp."""
        import pandas as pd

        return pd.Timestamp(int(self.opened_at[self.first[self.position(symbol)]]), unit="ns", tz="UTC")

    def blocks(self, bars_per_block: int = 65_536) -> Iterator[PanelBlock]:
        """The panel in order of time, so many bars at a time; only one block need be in memory."""
        if bars_per_block < 1:
            raise InvalidInput(f"bars_per_block should be at least 1, got {bars_per_block}")
        readers = None if self.dense is not None else [_Reader(source) for source in self.sources]
        for start in range(0, len(self), bars_per_block):
            times = self.opened_at[start : start + bars_per_block]
            if readers is None:
                assert self.dense is not None
                values = np.ascontiguousarray(self.dense[:, start : start + len(times)])
            else:
                values = np.full((5, len(times), len(self.symbols)), np.nan)
                for at, reader in enumerate(readers):
                    reader.write(times, values[:, :, at])
            yield PanelBlock(start, times, values)

    def bars_of(self, place: int) -> FloatMatrix:
        """All bars of the symbol at that place, float64[5, n] on the panel's times; NaN where it has none."""
        if self.dense is not None:
            return np.array(self.dense[:, :, place], order="C")
        values = np.full((5, len(self)), np.nan)
        _Reader(self.sources[place]).write(self.opened_at, values)
        return values

    def loaded(self) -> Panel:
        """The same panel with all bars aligned in memory: runs on it again and again need not read and align."""
        return replace(self, dense=next(self.blocks(len(self))).values)

    def until(self, moment: Moment) -> Panel:
        """The panel as it was known at `moment`: bars that had closed, and what had happened by then."""
        bars = int(np.searchsorted(self.closed_at, instant(moment, what="moment"), side="right"))
        if bars == 0:
            raise NotEnoughData(f"no bar had closed by {moment}; the first closes at {iso(int(self.closed_at[0]))}")
        return replace(
            self,
            opened_at=self.opened_at[:bars],
            last=np.minimum(self.last, bars - 1),
            actions=self.actions[self.actions[:, 0] < bars],
            dense=None if self.dense is None else self.dense[:, :bars],
        )


class _Reader:
    """Goes through a source once and hands out the bars of one block of times after another."""

    def __init__(self, source: BarSource) -> None:
        self._pieces = source.pieces()
        self._piece: BarArrays | None = next(self._pieces, None)

    def write(self, times: IntVector, into: FloatMatrix) -> None:
        """Put the bars that open within `times` into float64[5, m], at their place."""
        while self._piece is not None:
            piece = self._piece
            until = int(np.searchsorted(piece.opened_at, times[-1], side="right"))
            if until:
                opened_at = piece.opened_at[:until]
                at = int(np.searchsorted(times, opened_at[0]))
                whole = at + until <= len(times) and times[at + until - 1] == opened_at[-1]
                rows: Any = slice(at, at + until) if whole else np.searchsorted(times, opened_at)
                into[:, rows] = piece.matrix[:, :until]
            if until < len(piece):
                self._piece = BarArrays(piece.opened_at[until:], piece.matrix[:, until:])
                return
            self._piece = next(self._pieces, None)


def _source(name: str, value: Any) -> BarSource:
    try:
        if isinstance(value, BarSource):
            return value
        if isinstance(value, BarArrays):
            check_bar_arrays(value)
            return ArraySource(value)
        return ArraySource(valid_arrays(value))
    except InvalidBars as problem:
        raise InvalidBars(f"symbol {name!r}: {problem}") from problem


def _aligned(
    symbols: tuple[str, ...],
    sources: tuple[BarSource, ...],
    timeframe: str | Timeframe | None,
    actions: Sequence[PanelAction],
    delist_ended: bool,
) -> Panel:
    union = np.empty(0, dtype=np.int64)
    step = None if timeframe is None else Timeframe.of(timeframe)
    spans = np.empty((2, len(symbols)), dtype=np.int64)
    for at, (name, source) in enumerate(zip(symbols, sources, strict=True)):
        times = source.times()
        check_times(name, times)
        step = one_timeframe(name, times, step, timeframe)
        check_grid(name, times, union, step)
        spans[:, at] = times[0], times[-1]
        union = times if union.size == 0 else union_of(union, times)
    if union.size < 2:
        raise NotEnoughData(f"a portfolio needs at least 2 bars, to decide and to trade; got {union.size}")
    if step is None:
        step = infer_timeframe(union)
    first, last = np.searchsorted(union, spans)
    ended = [s for s in range(len(symbols)) if last[s] < union.size - 1] if delist_ended else []
    rows = action_rows(actions, symbols, union, {symbols[s]: int(last[s]) + 1 for s in ended})
    return Panel(
        symbols=symbols, opened_at=union, timeframe=step, sources=sources, first=first, last=last, actions=rows
    )
