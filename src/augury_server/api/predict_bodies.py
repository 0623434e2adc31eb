"""What is asked of a model: one row or one history of bars, or many rows; from JSON to arrays, checked once."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, TypeAlias, cast

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput, nearest
from augury.learning.artefacts.manifest import Manifest
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury.market.times import instant, parse_times
from augury.market.validate import check_bar_arrays

__all__ = [
    "BATCH",
    "PREDICT",
    "BarColumns",
    "BatchBody",
    "PredictBody",
    "bars_of",
    "moment_of",
    "moments_of",
    "row_of",
    "rows_of",
]

Number: TypeAlias = float | None
"""A feature's value; null is "undefined", which some models read."""

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200, description='"trend" or "trend@3".')]
Symbol: TypeAlias = Annotated[str, msgspec.Meta(max_length=50, description="What the bar is of, such as AAPL.")]
Unit: TypeAlias = Annotated[
    str, msgspec.Meta(max_length=100, description="What an experiment assigns as one; its own rule when left out.")
]
Moment: TypeAlias = int | str

_SHOWN = 5


class BarColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bars, oldest first: open times (ns UTC or ISO 8601 with an offset) and the five columns, equally long."""

    opened_at: list[Moment]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]


class PredictBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question: the features of one bar (`row`, in the model's order or by name), or the history up to it."""

    model: Name
    row: list[Number] | dict[str, Number] | None = None
    bars: BarColumns | None = None
    symbol: Symbol = ""
    bar_opened_at: Moment | None = None
    unit: Unit = ""

    def __post_init__(self) -> None:
        """Exactly one of `row` and `bars`."""
        if (self.row is None) == (self.bars is None):
            raise ValueError("expected either row (the features of one bar) or bars (the history up to it)")


class BatchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Many questions to one model: `rows` of features in its order, or a list for each feature.

    `symbol` and `bar_opened_at` are those of all rows, or a list of one for each.
    """

    model: Name
    rows: list[list[Number]] | None = None
    columns: dict[str, list[Number]] | None = None
    symbol: Symbol | list[Symbol] = ""
    bar_opened_at: Moment | list[Moment] | None = None
    unit: Unit = ""

    def __post_init__(self) -> None:
        """Exactly one of `rows` and `columns`."""
        if (self.rows is None) == (self.columns is None):
            raise ValueError("expected either rows (a list of features each) or columns (a list for each feature)")


PREDICT = msgspec.json.Decoder(PredictBody)
BATCH = msgspec.json.Decoder(BatchBody)


def row_of(row: list[Number] | dict[str, Number], manifest: Manifest) -> list[list[float]] | FloatMatrix:
    """One row [1, k] of features as the model reads them, a list where none is null (NaN); InvalidInput for others."""
    width = _width(manifest)
    if isinstance(row, dict):
        row = [row[name] for name in _same_names(row, manifest)]
    elif len(row) != width:
        raise InvalidInput(f"{manifest.model_id} reads {width} features, the row holds {len(row)}")
    return [cast(list[float], row)] if None not in row else _table([row], width)


def rows_of(asked: BatchBody, manifest: Manifest, *, most: int) -> FloatMatrix:
    """float64[m, k], C-contiguous: many rows as the model reads them; InvalidInput for ragged ones and too many."""
    width = _width(manifest)
    if asked.columns is not None:
        lists: Sequence[Sequence[Number]] = [asked.columns[name] for name in _same_names(asked.columns, manifest)]
        lengths = {len(column) for column in lists}
        if len(lengths) > 1:
            counts = {name: len(column) for name, column in asked.columns.items()}
            raise InvalidInput(f"expected columns of one length, got {_some(counts)}")
        _refuse_too_many(max(lengths), most)
        return np.ascontiguousarray(_table(lists, lengths.pop()).T)
    rows = asked.rows or []
    _refuse_too_many(len(rows), most)
    wrong = next((place for place, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        raise InvalidInput(f"{manifest.model_id} reads {width} features, rows[{wrong}] holds {len(rows[wrong])}")
    return _table(rows, width)


def bars_of(columns: BarColumns, *, most: int) -> BarArrays:
    """The bars as kernels read them, held to the rules of bars: InvalidBars, or InvalidInput for unequal lengths."""
    count = len(columns.opened_at)
    lists = [getattr(columns, name) for name in BAR_COLUMNS]
    if any(len(values) != count for values in lists):
        counts = {"opened_at": count} | {name: len(values) for name, values in zip(BAR_COLUMNS, lists, strict=True)}
        raise InvalidInput(f"expected columns of one length, got {_some(counts)}")
    if count == 0:
        raise InvalidInput("expected at least one bar, got none")
    _refuse_too_many(count, most, what="bars")
    found = BarArrays(moments_of(columns.opened_at, what="opened_at"), np.array(lists, dtype=np.float64))
    check_bar_arrays(found)
    return found


def moment_of(moment: Moment | None) -> int | None:
    """ns UTC of a time that is given as such, or as ISO 8601 text with an offset; None when there is none."""
    return None if moment is None else instant(moment, what="bar_opened_at")


def moments_of(moments: list[Moment], *, what: str = "bar_opened_at") -> IntVector:
    """int64[n] ns UTC of such times, all numbers or all texts; days without a time of day are 00:00 UTC."""
    found = np.array(moments)
    if found.dtype.kind == "i":
        return found.astype(np.int64)
    if found.dtype.kind in "uO":
        raise InvalidInput(f"{what} holds a number beyond 64 bits; give ns since 1970")
    if not all(isinstance(moment, str) for moment in moments):
        raise InvalidInput(f"{what} should hold ns since 1970, or ISO 8601 texts with an offset, throughout")
    return parse_times(moments).nanoseconds


@cache
def _packing(width: int) -> Callable[..., bytes]:
    return struct.Struct(f"{width}d").pack


def _table(rows: Sequence[Sequence[Number]], width: int) -> FloatMatrix:
    """float64[m, width] of rows that long, null as NaN. Packing is 2.5 times as fast as `np.array` of lists."""
    pack = _packing(width)
    try:
        content = b"".join([pack(*row) for row in rows])
    except struct.error:  # a null
        return np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return np.frombuffer(content, dtype=np.float64).reshape(len(rows), width)


def _width(manifest: Manifest) -> int:
    """How many features a row has; InvalidInput for a model that reads windows or charts."""
    form = manifest.inputs[0]
    if len(manifest.inputs) > 1 or form.kind != "tabular":
        reads = ", ".join(f"{one.name}{['rows', *one.shape[1:]]}" for one in manifest.inputs)
        raise InvalidInput(f"{manifest.model_id} reads {reads}, not rows of features; pass bars, or tensors under /v2")
    return form.shape[1] or len(manifest.columns)


def _same_names(
    given: dict[str, object] | dict[str, Number] | dict[str, list[Number]], manifest: Manifest
) -> Sequence[str]:
    """The model's columns, of which each is given and nothing else."""
    names = manifest.columns
    if not names:
        raise InvalidInput(
            f"{manifest.model_id} was exported without names of its features; pass them in order, as a list"
        )
    if len(given) != len(names) or any(name not in given for name in names):
        for name in given:
            if name not in names:
                raise InvalidInput(f"{manifest.model_id} has no feature {name!r:.80}; {nearest(name, names)}")
        missing = [name for name in names if name not in given]
        raise InvalidInput(
            f"{manifest.model_id} also reads {', '.join(map(repr, missing[:_SHOWN]))}; pass null for undefined"
        )
    return names


def _refuse_too_many(count: int, most: int, what: str = "rows") -> None:
    if count > most:
        raise InvalidInput(f"expected at most {most:,} {what} in a request (api.rows), got {count:,}; send several")


def _some(counts: dict[str, int]) -> str:
    shown = [f"{name}: {count}" for name, count in list(counts.items())[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(counts) > _SHOWN else "")
