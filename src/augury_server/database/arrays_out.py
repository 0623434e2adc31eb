"""Columns of a query as arrays, without a Python object for each value where the engine allows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection

__all__ = ["select_arrays"]

_HEADER_BYTES = 20
"""Of an array of one dimension in PostgreSQL's binary form: dimensions, flags, element type, size, lower bound."""
_KINDS = {"i": ("i8", "bigint"), "f": ("f8", "double precision"), "n": ("f8", "double precision")}


def select_arrays(statement: str, parameters: Sequence[Any], kinds: str) -> list[np.ndarray]:
    """The columns of a SELECT as arrays; `kinds` has a letter for each of them.

    "i" is int64, "f" float64, both without NULL, and "n" float64 in which NULL becomes NaN. Rows are in the order of
    the statement's own ORDER BY, and all of one snapshot. PostgreSQL packs each column into one binary array, of at
    most some 80 million rows.
    """
    if connection.vendor == "postgresql":
        return _from_postgresql(statement, parameters, kinds)
    row = np.dtype([(f"c{at}", _KINDS[kind][0]) for at, kind in enumerate(kinds)])
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        with connection.wrap_database_errors:
            found = cursor.cursor if "n" not in kinds else _without_null(cursor.cursor)
            rows = np.fromiter(found, dtype=row)
    return [np.ascontiguousarray(rows[name]) for name in row.names or ()]


def _without_null(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield tuple([math.nan if value is None else value for value in row])


def _from_postgresql(statement: str, parameters: Sequence[Any], kinds: str) -> list[np.ndarray]:
    from psycopg import Cursor

    names = [f"c{at}" for at in range(len(kinds))]
    typed = [f"{name}::{_KINDS[kind][1]}" for name, kind in zip(names, kinds, strict=True)]
    filled = [f"coalesce({name}, 'NaN')" if kind == "n" else name for name, kind in zip(typed, kinds, strict=True)]
    packed = ", ".join(f"array_agg({name})" for name in filled)
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        whole: Any = f"SELECT {packed} FROM ({statement}) AS picked({', '.join(names)})"  # noqa: S608 - own names
        cursor.execute(whole, parameters, binary=True)
        result = cursor.pgresult
        assert result is not None
        return [_unpacked(result.get_value(0, at), _KINDS[kind][0]) for at, kind in enumerate(kinds)]


def _unpacked(packed: bytes | None, kind: str) -> np.ndarray:
    if packed is None:
        return np.empty(0, dtype=kind)
    element = np.dtype([("size", ">i4"), ("value", f">{kind}")])
    if int.from_bytes(packed[4:8], "big"):
        raise ValueError("expected a value in every row, got NULL")
    return np.frombuffer(packed, dtype=element, offset=_HEADER_BYTES)["value"].astype(kind)
