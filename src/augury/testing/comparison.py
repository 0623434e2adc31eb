"""Bit-exact comparison of timed frames: where two runs differ, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.errors import InvalidInput

__all__ = ["ROWS", "Difference", "frame_differences", "known_times", "same_values"]

ROWS = "(rows)"  # stands for a column name when a row itself appears or disappears


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One column of two frames: the first row that differs, both values there, how many rows differ."""

    column: str
    known_at: int
    before: Any
    after: Any
    cells: int


def same_values(left: FloatVector, right: FloatVector, rtol: float = 0.0) -> BoolVector:
    """Cell by cell: both NaN, or the same bits, or (with `rtol` > 0) within that relative distance."""
    same: BoolVector = (left.view(np.int64) == right.view(np.int64)) | (np.isnan(left) & np.isnan(right))
    if rtol > 0.0:
        with np.errstate(invalid="ignore"):
            same |= np.abs(left - right) <= rtol * np.maximum(np.abs(left), np.abs(right))
    return same


def known_times(frame: pd.DataFrame) -> IntVector:
    """When each row is known, int64 ns UTC: the index, or its first level.

    Raises InvalidInput when that is not a time, or when rows or columns are not unique.
    """
    index = frame.index.get_level_values(0) if isinstance(frame.index, pd.MultiIndex) else frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise InvalidInput(
            f"expected rows indexed by the time they are known (DatetimeIndex); got {type(index).__name__}"
        )
    if not frame.columns.is_unique:
        raise InvalidInput(f"expected distinct column names; got {list(frame.columns)}")
    if not frame.index.is_unique:
        raise InvalidInput("expected one row per index entry; add a second index level, such as the ticker")
    times: IntVector = index.as_unit("ns").asi8
    return times


def _floats(column: pd.Series[Any]) -> FloatVector | None:
    """The column as float64, or None when it does not hold numbers."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return None


def _same_objects(left: pd.Series[Any], right: pd.Series[Any]) -> BoolVector:
    """Equality of anything else (text, times, records); two missing values are equal."""
    a, b = left.astype(object).to_numpy(), right.astype(object).to_numpy()
    same = [x is y or bool(np.all(x == y)) for x, y in zip(a, b, strict=True)]
    missing = pd.isna(left).to_numpy() & pd.isna(right).to_numpy()
    return np.array(same, dtype=np.bool_) | missing


def _same_column(left: pd.Series[Any], right: pd.Series[Any], rtol: float) -> BoolVector:
    a, b = _floats(left), _floats(right)
    if a is not None and b is not None:
        return same_values(a, b, rtol)
    return _same_objects(left, right)


def _all_equal_floats(left: pd.DataFrame, right: pd.DataFrame, rtol: float) -> bool:
    """True when both hold the same float64 columns and no cell differs: the common case, in one pass."""
    if not left.columns.equals(right.columns) or not (left.dtypes == np.float64).all():
        return False
    if not (right.dtypes == np.float64).all():
        return False
    a, b = np.ascontiguousarray(left.to_numpy()), np.ascontiguousarray(right.to_numpy())
    return bool(same_values(a, b, rtol).all())


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _row_difference(left: pd.DataFrame, right: pd.DataFrame) -> Difference | None:
    """Rows of one run only. A row without a single value is as good as absent."""
    lost = left.loc[left.notna().any(axis=1)].index.difference(right.index)
    gained = right.loc[right.notna().any(axis=1)].index.difference(left.index)
    if not len(lost) and not len(gained):
        return None
    moments = known_times(pd.DataFrame(index=lost.union(gained)))
    first = int(moments.min())
    was = bool(len(lost)) and first in known_times(pd.DataFrame(index=lost))
    state = ("present", "absent") if was else ("absent", "present")
    return Difference(column=ROWS, known_at=first, before=state[0], after=state[1], cells=len(moments))


def frame_differences(
    before: pd.DataFrame, after: pd.DataFrame, *, until: int | None = None, rtol: float = 0.0
) -> list[Difference]:
    """Compare the rows of two runs known at or before `until` (ns UTC; None for all).

    Numbers are equal when their bits are (NaN equals NaN) or within `rtol`; a column that only one run has counts as
    missing values in the other; rows with values that only one run has are reported as the column `(rows)`.
    """
    times_before, times_after = known_times(before), known_times(after)
    if until is not None:
        kept_before, kept_after = times_before <= until, times_after <= until
        before, times_before = before.loc[kept_before], times_before[kept_before]
        after = after.loc[kept_after]
    found: list[Difference] = []
    if not before.index.equals(after.index):
        rows = _row_difference(before, after)
        if rows is not None:
            found.append(rows)
        common = before.index.intersection(after.index)
        before, after = before.loc[common], after.loc[common]
        times_before = known_times(before)
    if _all_equal_floats(before, after, rtol):
        return found
    for name in before.columns.union(after.columns, sort=False):
        left = before[name] if name in before else pd.Series(np.nan, index=before.index)
        right = after[name] if name in after else pd.Series(np.nan, index=after.index)
        changed = np.flatnonzero(~_same_column(left, right, rtol))
        if changed.size:
            row = int(changed[np.argmin(times_before[changed])])
            found.append(
                Difference(
                    column=str(name),
                    known_at=int(times_before[row]),
                    before=_plain(left.iloc[row]),
                    after=_plain(right.iloc[row]),
                    cells=int(changed.size),
                )
            )
    return found
