"""A table of account values or returns over time, by whatever names its columns go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.audit.claim import NO_TIME, ClaimedCurve, Remark, Variants
from augury.audit.readers.moments import Moments
from augury.audit.readers.spelling import curve_columns
from augury.errors import InvalidInput, NotFound, nearest
from augury.validation import trial_sharpes

__all__ = ["CurveKind", "CurveTable", "curve_from", "is_curve_table"]

CurveKind: TypeAlias = Literal["equity", "returns", "cumulative"]
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveTable:
    """A curve that was read: the variant that is judged, how many there were, and what was noticed."""

    curve: ClaimedCurve
    name: str
    kind: CurveKind
    variants: Variants | None
    remarks: tuple[Remark, ...]


def is_curve_table(frame: pd.DataFrame) -> bool:
    """Whether there are times and numbers that are, by name or by nature, values of an account or returns."""
    return bool(_series_columns(frame)) and _time_column(frame) is not None


def curve_from(
    frame: pd.DataFrame,
    where: str,
    moments: Moments,
    *,
    cash: float | None = None,
    column: str | None = None,
    kind: CurveKind | None = None,
) -> CurveTable:
    """The curve of a table that `is_curve_table`; of several columns `column`, else the one with the best Sharpe ratio.

    Returns are compounded from `cash` (1 when not given). Of equity without `cash` the first value is the initial cash
    and the curve starts with the second. Rows out of order are sorted and remarked on, repeated rows dropped. Raises
    InvalidInput for NaN inside the series, for one time with two values, and for fewer than 2 points.
    """
    names = _series_columns(frame)
    kind = kind or _kind_of(frame, names, where)
    clock = moments.read(_time_column(frame), f"{where}, the column of times")
    matrix = np.vstack([_numbers(frame[name], f"{where}, column {name!r}") for name in names])
    clock, matrix, remarks = _in_order(clock, matrix, where)
    curves = [
        _curve(clock, row, f"{where}, column {name!r}", kind, cash) for name, row in zip(names, matrix, strict=True)
    ]
    labels = tuple(str(name) for name in names)
    chosen, variants = _chosen(curves, labels, column, where)
    remarks += _remark_on_choice(labels, chosen, column)
    return CurveTable(
        curve=curves[chosen],
        name="" if len(names) == 1 else labels[chosen],
        kind=kind,
        variants=variants,
        remarks=tuple(remarks),
    )


def _time_column(frame: pd.DataFrame) -> Any | None:
    if isinstance(frame.index, pd.DatetimeIndex):
        return pd.Series(frame.index)
    found = curve_columns([name for name in frame.columns if not pd.api.types.is_float_dtype(frame[name])])
    name = found.get("time")
    return None if name is None else frame[name]


def _series_columns(frame: pd.DataFrame) -> list[Any]:
    """The columns that hold the curve: one of a known name, else every column of numbers."""
    numeric = [name for name in frame.columns if pd.api.types.is_float_dtype(frame[name])]
    whole = [name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name])]
    found = curve_columns([*numeric, *whole])
    for field in ("equity", "returns", "cumulative"):
        if field in found:
            return [found[field]]
    return numeric or ([] if len(whole) != 1 else whole)


def _kind_of(frame: pd.DataFrame, names: list[Any], where: str) -> CurveKind:
    """What the numbers are: by the column's name, else by their nature; InvalidInput when both are possible."""
    found = curve_columns(names)
    for kind in ("equity", "returns", "cumulative"):
        if kind in found:
            return kind
    values = frame[names].to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if known.size and known.min() > 0.0 and (known.max() > 2.0 or known.min() > 0.5):
        return "equity"
    if known.size and np.abs(known).max() < 1.0 and known.min() < 0.0:
        return "returns"
    raise InvalidInput(
        f"{where}: the column {names[0]!r} could be account values or returns; name it 'equity' or 'returns', or "
        "pass kind="
    )


def _numbers(column: pd.Series[Any], where: str) -> FloatVector:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.flatnonzero(np.isfinite(numbers))
    if len(known) == 0:
        raise InvalidInput(f"{where}: expected numbers, got none; nothing can be judged")
    bad = known[0] + np.flatnonzero(~np.isfinite(numbers[known[0] :]))
    if len(bad):
        shown = ", ".join(f"row {row} ({numbers[row]})" for row in bad[:_SHOWN])
        more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise InvalidInput(f"{where}: expected finite numbers, got {shown}{more}; drop these rows or mend the export")
    return numbers


def _in_order(clock: IntVector, matrix: FloatMatrix, where: str) -> tuple[IntVector, FloatMatrix, list[Remark]]:
    missing = np.flatnonzero(clock == NO_TIME)
    if len(missing):
        raise InvalidInput(f"{where}: expected a time in every row, got none in row {missing[0]}; mend or drop it")
    remarks: list[Remark] = []
    if (np.diff(clock) < 0).any():
        rows = tuple((np.flatnonzero(np.diff(clock) < 0) + 1).tolist())
        text = f"{len(rows)} rows of the curve come before the row above them; they were sorted by time."
        remedy = "Find out why the export is out of order: returns computed on unsorted rows are wrong."
        remarks.append(Remark(rule="rows_out_of_order", severity="warning", text=text, remedy=remedy, rows=rows[:100]))
        order = np.argsort(clock, kind="stable")
        clock, matrix = clock[order], matrix[:, order]
    same = np.flatnonzero(np.diff(clock) == 0) + 1
    if len(same):
        alike = np.array([np.array_equal(matrix[:, row], matrix[:, row - 1], equal_nan=True) for row in same])
        if not alike.all():
            row = int(same[np.argmin(alike)])
            raise InvalidInput(
                f"{where}: the time {pd.Timestamp(int(clock[row]), tz='UTC')} has two different values; keep one "
                "row a time"
            )
        text = f"{len(same)} rows of the curve repeat the row above them; they were dropped."
        remedy = "Export every bar once."
        remarks.append(
            Remark(rule="duplicate_rows", severity="warning", text=text, remedy=remedy, rows=tuple(same[:100].tolist()))
        )
        keep = np.r_[True, np.diff(clock) > 0]
        clock, matrix = clock[keep], matrix[:, keep]
    return clock, matrix, remarks


def _curve(clock: IntVector, values: FloatVector, where: str, kind: CurveKind, cash: float | None) -> ClaimedCurve:
    first = int(np.argmax(np.isfinite(values)))  # what is not known at the start is warm-up
    clock, values = clock[first:], values[first:]
    if kind == "equity" and cash is None:
        start, clock, values = float(values[0]), clock[1:], values[1:]
    else:
        start = 1.0 if cash is None else cash
        if kind == "returns":
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with its place
                values = np.asarray(start * np.cumprod(1.0 + values), dtype=np.float64)
        elif kind == "cumulative":
            values = start * (1.0 + values)
    if len(values) < 2:
        raise InvalidInput(f"{where}: expected a curve of at least 3 points, got {len(values) + (cash is None)}")
    if not start > 0.0:
        raise InvalidInput(
            f"{where}: expected an account above 0 at the start, got {start}; pass cash= for profits that start at 0"
        )
    return ClaimedCurve(times=clock, equity=np.ascontiguousarray(values), initial_cash=start)


def _chosen(
    curves: list[ClaimedCurve], labels: tuple[str, ...], column: str | None, where: str
) -> tuple[int, Variants | None]:
    if column is not None and column not in labels and len(labels) > 1:
        raise NotFound(f"{where}: has no column {column!r} to judge; {nearest(column, labels)}")
    if len(curves) == 1:
        return 0, None
    returns = _common_returns(curves)
    if column is not None:
        chosen = labels.index(column)
    elif returns is None:
        chosen = int(np.argmax([curve.equity[-1] / curve.initial_cash for curve in curves]))
    else:
        chosen = int(np.argmax(np.nan_to_num(trial_sharpes(returns), nan=-np.inf)))
    return chosen, Variants(
        count=len(curves), source=f"{len(curves)} columns of {where}", names=labels, returns=returns, chosen=chosen
    )


def _common_returns(curves: list[ClaimedCurve]) -> FloatMatrix | None:
    """Returns of all variants on the shared clock; None when they do not share one or one of them loses everything."""
    same = all(np.array_equal(curve.times, curves[0].times) for curve in curves)
    if not same or any(not (curve.equity > 0.0).all() for curve in curves):
        return None
    return np.vstack(
        [
            np.diff(np.r_[curve.initial_cash, curve.equity]) / np.r_[curve.initial_cash, curve.equity[:-1]]
            for curve in curves
        ]
    )


def _remark_on_choice(labels: tuple[str, ...], chosen: int, column: str | None) -> list[Remark]:
    if len(labels) == 1:
        return []
    how = (
        "as asked for"
        if column is not None
        else "the one with the best Sharpe ratio, as it is the one that would be shown"
    )
    text = f"The file holds {len(labels)} variants; {labels[chosen]!r} is judged, {how}. The others count as tries."
    return [Remark(rule="several_variants", severity="info", text=text, remedy="Name another one with --strategy.")]
