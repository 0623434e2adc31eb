"""Bars from a file, or from a folder with a file for each symbol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from augury.errors import InvalidInput, NotEnoughData, NotFound, nearest
from augury.market.bars import bar_arrays
from augury.market.files import TABLE_SUFFIXES
from augury.market.read import read_bars
from augury.market.sources.window import Window, bars_within
from augury.market.store_disk import explained
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import Moment
from augury.market.validate import Stamp

__all__ = ["FileSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """Files that `read_bars` reads. In a folder the bars of AAPL are in `AAPL_1h.csv`, or `AAPL.csv`, .parquet, ...

    `timeframe` says what the files hold; None infers it from the spacing of the bars. A file of another timeframe than
    the one asked for is refused, never passed off as it. `zone` and `stamp` are those of `read_bars`.
    """

    path: str | Path
    zone: str | None = None
    stamp: Stamp = "open"
    timeframe: str | None = None

    name: ClassVar[str] = "file"

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """See `Source.fetch`; NotFound lists near names when no file is about the symbol."""
        window = Window.of(symbol, timeframe, start, end, now)
        file = self._file(window.symbol, str(window.timeframe))
        bars = read_bars(file, symbol=symbol, zone=self.zone, stamp=self.stamp, timeframe=self.timeframe)
        self._refuse_other_timeframe(file, bars, window.timeframe)
        arrays = bar_arrays(bars)
        return bars_within(self.name, window, arrays.opened_at, arrays.matrix)

    def _file(self, symbol: str, timeframe: str) -> Path:
        path = Path(self.path).expanduser()
        with explained("read the folder", path):
            if not path.is_dir():
                return path
            files = {entry.name: entry for entry in sorted(path.iterdir()) if entry.is_file()}
        for stem in (f"{symbol}_{timeframe}", symbol):
            for suffix in TABLE_SUFFIXES:
                if stem + suffix in files:
                    return files[stem + suffix]
        tables = [name.removesuffix(end) for name in files for end in TABLE_SUFFIXES if name.endswith(end)]
        hint = nearest(symbol, tables) if tables else "it holds no tables"
        raise NotFound(f"{path}: no file {symbol}.csv (or {', '.join(TABLE_SUFFIXES[1:])}); {hint}")

    def _refuse_other_timeframe(self, file: Path, bars: pd.DataFrame, wanted: Timeframe) -> None:
        if self.timeframe is not None:
            held = Timeframe.of(self.timeframe)
        else:
            try:
                held = infer_timeframe(pd.DatetimeIndex(bars.index))
            except NotEnoughData as error:
                raise NotEnoughData(f"{file}: {len(bars)} bars do not tell their timeframe; pass timeframe=") from error
        if held != wanted:
            raise InvalidInput(
                f"{file}: holds {held} bars, {wanted} bars were asked for; resample them, or ask for {held}"
            )
