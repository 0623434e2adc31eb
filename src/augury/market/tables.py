"""Tables of other libraries as pandas: pandas as it is, polars, arrow and the rest through narwhals."""

from __future__ import annotations

from typing import Any

import pandas as pd

from augury.errors import InvalidInput

__all__ = ["as_pandas", "numbers_or_refuse", "shown_columns"]

_CELL_CHARACTERS = 60


def as_pandas(table: Any, *, error: type[InvalidInput] = InvalidInput) -> pd.DataFrame:
    """The table as a pandas frame; pandas frames pass through untouched. Raises `error` for anything else."""
    if isinstance(table, pd.DataFrame):
        return table
    import narwhals as nw  # slow to load, and most tables are pandas

    try:
        native = nw.from_native(table, eager_only=True)
    except TypeError as problem:
        advice = "collect() it first" if hasattr(table, "collect") else "pass a pandas, polars or pyarrow table"
        raise error(f"expected a table, got {type(table).__module__}.{type(table).__name__}; {advice}") from problem
    frame: pd.DataFrame = native.to_pandas()
    return frame


def shown_columns(frame: pd.DataFrame) -> str:
    """The first column names, for messages."""
    names = [_short(name).strip("'") for name in frame.columns[:12]]
    return (", ".join(names) or "none") + (f", ... ({len(frame.columns):,} in all)" if len(frame.columns) > 12 else "")


def numbers_or_refuse(column: pd.Series[Any], name: str, *, error: type[InvalidInput]) -> pd.Series[Any]:
    """The column as float64, missing values as NaN; raises `error` with the first cells that are not numbers."""
    kind = column.dtype.kind
    if kind in "iuf":
        return column.astype("float64") if not hasattr(column.dtype, "na_value") else _nullable(column)
    if kind in "bmM":
        raise error(f"column {name!r} should hold numbers, got values of type {column.dtype}")
    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna().to_numpy() & column.notna().to_numpy()
    if bad.any():
        where = bad.nonzero()[0]
        shown = "; ".join(f"row {row}: {_short(column.iloc[row])}" for row in where[:3])
        more = f"; and {len(where) - 3} more" if len(where) > 3 else ""
        raise error(f"column {name!r} should hold numbers, got {shown}{more}; write plain numbers such as 1234.5")
    if column.map(lambda cell: isinstance(cell, str | bool)).any():
        raise error(f"column {name!r} should hold numbers, got {column.dtype} text; convert it to float64 first")
    return _nullable(numbers)


def _short(cell: Any) -> str:
    text = repr(cell)
    return text if len(text) <= _CELL_CHARACTERS else text[:_CELL_CHARACTERS] + "..."


def _nullable(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(column.to_numpy(dtype="float64", na_value=float("nan")), index=column.index)
