"""Bars from files: one symbol, or all the symbols that the files hold."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

import pandas as pd

from augury.errors import InvalidBars, NotFound, nearest
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.files import TABLE_SUFFIXES, existing_file, read_table
from augury.market.timeframe import Timeframe
from augury.market.validate import Stamp, validate_bars

__all__ = ["read_bars", "read_universe"]


def read_bars(
    path: str | Path,
    *,
    symbol: str | None = None,
    zone: str | None = None,
    stamp: Stamp = "open",
    timeframe: str | Timeframe | None = None,
) -> pd.DataFrame:
    """Bars of one symbol from a CSV (also .gz), Parquet or Feather file, checked by `validate_bars`.

    `symbol` selects the rows of that symbol; a file without a symbol column is taken to be about the symbol asked for.
    `zone`, `stamp` and `timeframe` are those of `validate_bars`. Rows in messages count from 0 among
    the rows of that symbol.
    Raises NotFound when there is no such file or symbol and InvalidBars for everything else that is wrong.
    """
    frame = read_table(path, error=InvalidBars)
    column = _symbol_column(frame, path)
    if column is not None:
        symbols = frame[column].astype("str").str.strip()
        known = sorted(symbols.dropna().unique())
        if symbol is None and len(known) > 1:
            shown = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
            raise InvalidBars(f"{path}: holds {len(known)} symbols ({shown}); pass symbol=, or use read_universe")
        if symbol is not None:
            if symbol not in known:
                raise NotFound(f"{path}: has no symbol {symbol!r}; {nearest(symbol, known)}")
            frame = frame[symbols == symbol]
    return _checked(frame, str(path), zone, stamp, timeframe)


def read_universe(
    *paths: str | Path,
    zone: str | None = None,
    stamp: Stamp = "open",
    timeframe: str | Timeframe | None = None,
    refused: MutableMapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Bars of every symbol in the files, symbol to frame, sorted by symbol; each checked by `validate_bars`.

    A file with a symbol column gives all of its symbols; one without gives a single symbol named like the file up to
    the first dot ("AAPL.csv" is AAPL). With `refused`, a symbol whose rows break a rule is left out and its reason put
    there, so that one bad ticker does not stop a universe. Raises InvalidBars when the same symbol comes twice or,
    without `refused`, any symbol's rows break a rule, naming file and symbol; NotFound when a file does not exist.
    """
    if not paths:
        raise InvalidBars(f"expected at least one file ({', '.join(TABLE_SUFFIXES)}), got none")
    universe: dict[str, pd.DataFrame] = {}
    came_from: dict[str, str | Path] = {}
    for path in paths:
        frame = read_table(path, error=InvalidBars)
        column = _symbol_column(frame, path)
        if column is None:
            parts = {existing_file(path).name.split(".")[0]: frame}
        else:
            symbols = frame[column].astype("str").str.strip()
            if (without := symbols.isna() | (symbols == "")).any():
                raise InvalidBars(f"{path}: expected a symbol in every row, got none in row {int(without.argmax())}")
            parts = {str(name): rows for name, rows in frame.groupby(symbols.to_numpy(), sort=True)}
        for name, rows in parts.items():
            if name in came_from:
                raise InvalidBars(f"{path}: symbol {name!r} was already read from {came_from[name]}; keep one of them")
            came_from[name] = path
            try:
                universe[name] = _checked(rows, f"{path}, symbol {name}", zone, stamp, timeframe)
            except InvalidBars as problem:
                if refused is None:
                    raise
                refused[name] = str(problem)
    return dict(sorted(universe.items()))


def _symbol_column(frame: pd.DataFrame, path: str | Path) -> object | None:
    try:
        return find_columns(frame.columns, {"symbol": BAR_SPELLINGS["symbol"]}, error=InvalidBars).get("symbol")
    except InvalidBars as problem:
        raise InvalidBars(f"{path}: {problem}") from problem


def _checked(
    frame: pd.DataFrame, where: str, zone: str | None, stamp: Stamp, timeframe: str | Timeframe | None
) -> pd.DataFrame:
    try:
        return validate_bars(frame, zone=zone, stamp=stamp, timeframe=timeframe)
    except InvalidBars as problem:
        raise InvalidBars(f"{where}: {problem}") from problem
