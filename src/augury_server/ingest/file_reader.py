"""Bars of files, row by row as they stand, so that one bad row costs one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import InvalidBars, NotFound
from augury.market.bars import BAR_COLUMNS
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.files import TABLE_SUFFIXES, existing_file, read_table
from augury.market.raw import raw_bars
from augury.market.rules import NO_TIME
from augury.market.timeframe import Timeframe
from augury.market.times import time_zone
from augury.market.validate import Stamp
from augury_server.ingest.raw_series import RawSeries
from augury_server.ingest.reader import Piece, Plan

__all__ = ["FileReader"]


class FileReader:
    """Files and folders of bars: CSV, Parquet, Feather.

    A file with a symbol column gives all of its symbols; one without is about the symbol that its name begins with, up
    to the first dot or to an ending such as "_1D". `zone` and `stamp` are those of `read_bars`.
    """

    name = "file"
    in_full = True

    def __init__(self, paths: Sequence[str | Path], *, zone: str | None = None, stamp: Stamp = "open") -> None:
        if zone is not None:
            time_zone(zone)
        self.files = [file for path in paths for file in _files(Path(path).expanduser())]
        self.zone, self.stamp = zone, stamp

    def parts(self, symbols: Sequence[str] | None, timeframe: Timeframe) -> list[str]:
        """Every file; which symbols it holds is known when it is read."""
        del symbols, timeframe
        return [str(file) for file in self.files]

    def origin(self, part: str) -> Mapping[str, Any]:
        """How to read the part again: arguments of `reader_of`."""
        return {"source": "file", "files": [str(Path(part).absolute())], "zone": self.zone, "stamp": self.stamp}

    def pieces(self, part: str, symbols: Sequence[str] | None, timeframe: Timeframe, plan: Plan) -> Sequence[Piece]:
        """The symbols of one file, whose rows are taken as they stand.

        Raises NotFound for a file that is not there and InvalidBars for one that is no table; reading a piece raises
        InvalidBars when its rows are no bars with times.
        """
        del plan
        file = Path(part)
        table = read_table(file, error=InvalidBars)
        column = find_columns(table.columns, {"symbol": BAR_SPELLINGS["symbol"]}, error=InvalidBars).get("symbol")
        if column is None:
            held = {file.name.split(".")[0].removesuffix(f"_{timeframe}"): np.arange(len(table))}
        else:
            named = table[column].astype("str").str.strip()
            if (without := named.isna() | (named == "")).any():
                raise InvalidBars(f"{file}: expected a symbol in every row, got none in row {int(without.argmax())}")
            groups = table.groupby(named.to_numpy()).indices
            held = {str(name): np.asarray(rows) for name, rows in sorted(groups.items())}
        return [
            Piece(symbol, partial(self._series, symbol, table, rows, file, timeframe))
            for symbol, rows in held.items()
            if symbols is None or symbol in symbols
        ]

    def _series(self, symbol: str, table: pd.DataFrame, rows: IntVector, file: Path, timeframe: Timeframe) -> RawSeries:
        raw = raw_bars(table.iloc[rows], zone=self.zone, tolerant=True)
        if raw.missing:
            raise InvalidBars(f"{file}: expected columns {', '.join(BAR_COLUMNS)}; missing {', '.join(raw.missing)}")
        if raw.kind == "naive" and self.zone is None:
            raise InvalidBars(f"{file}: has clock times without a zone; pass zone= (UTC, America/New_York, ...)")
        opened_at = raw.opened_at
        if self.stamp == "close":
            if raw.kind == "date" and self.zone is None:
                raise InvalidBars(f"{file}: stamp='close' needs times, got days; leave stamp='open' or pass zone=")
            opened_at = np.where(opened_at == NO_TIME, NO_TIME, opened_at - timeframe.ns)
        positions = np.asarray(rows, dtype=np.int64)
        return RawSeries(symbol=symbol, opened_at=opened_at, matrix=raw.matrix, positions=positions)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [existing_file(path, error=InvalidBars)]
    found = sorted(file for file in path.iterdir() if file.is_file() and file.name.lower().endswith(TABLE_SUFFIXES))
    if not found:
        raise NotFound(f"{path}: the folder holds no files of bars ({', '.join(TABLE_SUFFIXES)})")
    return found
