"""A table's bar columns as arrays, before any rule is applied: the strict reader and the tolerant one share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidBars
from augury.market.bars import BAR_COLUMNS
from augury.market.columns import BAR_SPELLINGS, find_columns, plain_name
from augury.market.rules import NO_TIME
from augury.market.tables import as_pandas, numbers_or_refuse, shown_columns
from augury.market.times import TimeKind, parse_times

__all__ = ["RawBars", "raw_bars", "symbols_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBars:
    """Rows of a table as they stand: `opened_at` int64[n] ns UTC (NO_TIME where unknown), `matrix` float64[5, n].

    Nothing is sorted, dropped or checked. `missing` names bar columns that the table lacks (NaN in the matrix);
    `dividends` and `splits` are the columns of these names where a vendor gives them, else None.
    """

    opened_at: IntVector
    matrix: FloatMatrix
    kind: TimeKind
    missing: tuple[str, ...] = ()
    adjusted_close: FloatVector | None = None
    dividends: FloatVector | None = None
    splits: FloatVector | None = None


def raw_bars(table: Any, *, zone: str | None = None, tolerant: bool = False) -> RawBars:
    """Find the time and the five columns in a pandas, polars or arrow table (see `validate_bars` for the spellings).

    Strict by default: raises InvalidBars on missing columns and on cells that are not times or numbers. With
    `tolerant`, such cells become NO_TIME and NaN and missing columns are listed.
    """
    frame = as_pandas(table, error=InvalidBars)
    columns = find_columns(frame.columns, BAR_SPELLINGS, error=InvalidBars)
    missing = tuple(name for name in BAR_COLUMNS if name not in columns)
    if missing and not tolerant:
        raise InvalidBars(_missing_columns(missing, frame))
    times = parse_times(_time_values(frame, columns), zone=zone, error=InvalidBars, tolerant=tolerant)
    matrix = np.full((5, len(frame)), np.nan)
    for row, name in enumerate(BAR_COLUMNS):
        if name in columns:
            matrix[row] = _numbers(frame[columns[name]], str(columns[name]), tolerant)
    if not tolerant and (unknown := np.flatnonzero(times.nanoseconds == NO_TIME)).size:
        raise InvalidBars(
            f"expected a time in every row, got none in {unknown.size} of {len(frame)} rows, the first at row "
            f"{unknown[0]}; add the times or drop these rows"
        )
    if not tolerant and len(listed := symbols_of(frame)) > 1:
        shown = ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")
        raise InvalidBars(f"expected bars of one symbol, got {len(listed)} ({shown}); select one, or use read_universe")
    extras = {plain_name(name): name for name in frame.columns} if tolerant else {}
    return RawBars(
        opened_at=times.nanoseconds,
        matrix=matrix,
        kind=times.kind,
        missing=missing,
        adjusted_close=_extra(frame, extras, ("adjclose", "adjustedclose")),
        dividends=_extra(frame, extras, ("dividends", "dividend")),
        splits=_extra(frame, extras, ("stocksplits", "splits", "split")),
    )


def symbols_of(frame: pd.DataFrame) -> list[str]:
    """The different symbols in the frame's symbol column, sorted; an empty list when it has none."""
    columns = find_columns(frame.columns, {"symbol": BAR_SPELLINGS["symbol"]}, error=InvalidBars)
    if "symbol" not in columns:
        return []
    return sorted(str(symbol) for symbol in frame[columns["symbol"]].dropna().unique())


def _time_values(frame: pd.DataFrame, columns: dict[str, object]) -> Any:
    index = frame.index
    if isinstance(index, pd.DatetimeIndex):
        return index
    if "timestamp" in columns:
        return frame[columns["timestamp"]]
    if index.name is not None and find_columns([index.name], {"timestamp": BAR_SPELLINGS["timestamp"]}):
        return index
    if len(frame.index) and not isinstance(index, pd.RangeIndex) and index.dtype.kind not in "iufb":
        return index
    raise InvalidBars(
        f"expected a time column ({', '.join(BAR_SPELLINGS['timestamp'][:5])}, ...) or a DatetimeIndex, got columns: "
        f"{shown_columns(frame)}; rename or add it"
    )


def _numbers(column: pd.Series[Any], name: str, tolerant: bool) -> FloatVector:
    if not tolerant:
        return numbers_or_refuse(column, name, error=InvalidBars).to_numpy()
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def _extra(frame: pd.DataFrame, names: dict[str, Any], wanted: tuple[str, ...]) -> FloatVector | None:
    for name in wanted:
        if name in names:
            return _numbers(frame[names[name]], name, tolerant=True)
    return None


def _missing_columns(missing: tuple[str, ...], frame: pd.DataFrame) -> str:
    known = shown_columns(frame)
    advice = "add a column of zeros if the source has no volume" if missing == ("volume",) else "rename or add them"
    return f"expected columns {', '.join(BAR_COLUMNS)}; missing {', '.join(missing)} among: {known}; {advice}"
