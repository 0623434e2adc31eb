"""COPY on PostgreSQL: rows as text, arrays of numbers as binary blocks, and tables to stage them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
from django.db import connection, models

from augury_server.database.columns import Column, fixed_type, quoted

__all__ = ["copy_arrays", "copy_rows", "staged"]

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_BLOCK_ROWS = 65_536
_numbers = count(1)


def copy_rows(table: str, target: Sequence[Column], rows: Iterable[tuple[Any, ...]]) -> int:
    """COPY rows that are converted already; returns how many."""
    statement = f"COPY {quoted([table])} ({quoted([column.name for column in target])}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        return int(cursor.rowcount)


def copy_arrays(table: str, target: Sequence[Column], arrays: Sequence[np.ndarray]) -> int:
    """COPY columns of numbers in PostgreSQL's binary form; every bit arrives as it is. Returns how many rows."""
    names = quoted([column.name for column in target])
    row = _row_type([str(fixed_type(column.field)) for column in target])
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(f"COPY {quoted([table])} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_HEADER)
            for start in range(0, len(arrays[0]), _BLOCK_ROWS):
                copy.write(_block(row, [array[start : start + _BLOCK_ROWS] for array in arrays]))
            copy.write(_TRAILER)
        return int(cursor.rowcount)


def _row_type(kinds: Sequence[str]) -> np.dtype[np.void]:
    """A row of binary COPY: the number of fields, then for each its size in bytes and its value."""
    fields = [("fields", ">i2")]
    for at, kind in enumerate(kinds):
        fields += [(f"size{at}", ">i4"), (f"value{at}", kind)]
    return np.dtype(fields)


def _block(row: np.dtype[np.void], arrays: Sequence[np.ndarray]) -> bytes:
    block = np.empty(len(arrays[0]), dtype=row)
    block["fields"] = len(arrays)
    for at, array in enumerate(arrays):
        block[f"size{at}"] = row[f"value{at}"].itemsize
        block[f"value{at}"] = array
    return block.tobytes()


@contextmanager
def staged(model: type[models.Model], target: Sequence[Column]) -> Iterator[str]:
    """The name of a temporary table with these columns and `staged`, the number of the row; gone afterwards."""
    name = f"staged_{next(_numbers)}"
    names = quoted([column.name for column in target])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE {name} ON COMMIT DROP AS "  # noqa: S608 - quoted names only
            f"SELECT {names} FROM {quoted([model._meta.db_table])} WITH NO DATA"
        )
        cursor.execute(f"ALTER TABLE {name} ADD COLUMN staged bigint GENERATED ALWAYS AS IDENTITY")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")
