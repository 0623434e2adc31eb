"""Many rows into a table at once, by the fastest way that the engine has, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
from django.db import connection, models, transaction

from augury.errors import InvalidInput
from augury_server.database.bulk_copy import copy_arrays, copy_rows, staged
from augury_server.database.columns import Column, columns_of, fixed_type, quoted
from augury_server.database.explaining import explained

__all__ = ["OnConflict", "insert_arrays", "insert_rows"]

_FEW = 100
"""So many rows go in one INSERT; a table to stage them in costs more than it saves."""
_ONE_STATEMENT, _MOST_VALUES = 32, 30_000
"""So many rows, and values, SQLite gets in one statement; it takes 32,766 values."""
_AT_ONCE = 64
"""So many rows are converted together: few enough that the interpreter is soon free for other threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnConflict:
    """What happens to a row whose `unique` columns a stored row has already.

    With `update`, these columns of the stored row get the new values, and of several such rows in one call the last one
    counts; without, the stored row stays as it is, and of several the first one counts.
    """

    unique: tuple[str, ...]
    update: tuple[str, ...] = ()


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    on_conflict: OnConflict | None = None,
) -> int:
    """Insert rows, each with one value for each of `columns`; returns how many were inserted or updated.

    Fields that `columns` leaves out get their default. Signals and `save` are passed over. NaN becomes NULL. In one
    transaction: COPY on PostgreSQL, prepared INSERTs on SQLite. `rows` may be a generator; it is not kept.
    Raises InvalidInput for an unknown column or text that cannot be stored, Django's IntegrityError for a row that
    breaks a constraint, Unavailable when the database is away or full; nothing is stored then.
    """
    target = columns_of(model, columns)
    prepared = _prepared(target, len(columns), rows)
    with explained(f"insert into {model._meta.db_table}"), transaction.atomic():
        if connection.vendor != "postgresql":
            return _execute_many(model, target, prepared, on_conflict)
        if on_conflict is None:
            return copy_rows(model._meta.db_table, target, prepared)
        first = list(islice(prepared, _FEW))
        if len(first) < _FEW:
            return _insert_few(model, target, first, on_conflict)
        with staged(model, target) as stage:
            copy_rows(stage, target, chain(first, prepared))
            return _from_stage(model, stage, target, on_conflict)


def insert_arrays(
    model: type[models.Model], columns: Mapping[str, Any], *, on_conflict: OnConflict | None = None
) -> int:
    """`insert_rows` for columns: arrays or sequences of one length, or a single value for all rows.

    When every column is of numbers, PostgreSQL gets them as one binary block without a Python object for each.
    """
    sizes = {len(values) for values in columns.values() if _is_column(values)}
    if len(sizes) != 1:
        raise InvalidInput(f"expected columns of one length, got {sorted(sizes) or 'single values only'}")
    (size,) = sizes
    if size == 0:
        return 0
    target = columns_of(model, list(columns))
    blocks = _blocks(target, columns, size)
    if blocks is None:
        lists = (_items(values) for values in columns.values())
        return insert_rows(model, list(columns), zip(*lists, strict=False), on_conflict=on_conflict)
    with explained(f"insert into {model._meta.db_table}"), transaction.atomic():
        if connection.vendor != "postgresql":
            return _execute_many(model, target, zip(*(block.tolist() for block in blocks), strict=True), on_conflict)
        if on_conflict is None:
            return copy_arrays(model._meta.db_table, target, blocks)
        with staged(model, target) as stage:
            copy_arrays(stage, target, blocks)
            return _from_stage(model, stage, target, on_conflict)


def _is_column(values: Any) -> bool:
    return isinstance(values, np.ndarray | list | tuple)


def _items(values: Any) -> Iterable[Any]:
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    return list(values) if _is_column(values) else repeat(values)


def _blocks(target: list[Column], columns: Mapping[str, Any], size: int) -> list[np.ndarray] | None:
    """One array a column in the column's own type; None when some column is of text or has undefined values."""
    blocks = []
    for column, values in zip(target, chain(columns.values(), repeat(None)), strict=False):
        kind = fixed_type(column.field)
        if kind is None:
            return None
        block = np.asarray(values if column.make is None else column.make())
        if block.dtype.kind not in "iufb" or (block.dtype.kind == "f" and np.isnan(block).any()):
            return None
        if kind != ">f8" and block.dtype.kind == "f":
            return None
        blocks.append(np.broadcast_to(block, (size,)))
    return blocks


def _prepared(target: list[Column], given: int, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows as the engine takes them, some at a time: a column at once costs half of value by value."""
    rows = iter(rows)
    makers = [(column.convert, column.make) for column in target[given:] if column.make is not None]
    while some := list(islice(rows, _AT_ONCE)):
        for row in some:
            if len(row) != given:
                raise InvalidInput(f"expected rows of {given} values, got one of {len(row)}")
        columns = [column.convert(values) for column, values in zip(target, zip(*some, strict=True), strict=False)]
        columns += [convert([make() for _ in some]) for convert, make in makers]
        yield from zip(*columns, strict=True)


def _insert_statement(
    model: type[models.Model], target: list[Column], on_conflict: OnConflict | None, *, rows: int = 1, mark: str = "%s"
) -> str:
    names = quoted([column.name for column in target])
    marks = ", ".join([f"({', '.join([mark] * len(target))})"] * rows)
    return f"INSERT INTO {quoted([model._meta.db_table])} ({names}) VALUES {marks}{_conflict(model, on_conflict)}"  # noqa: S608


def _conflict(model: type[models.Model], on_conflict: OnConflict | None) -> str:
    if on_conflict is None:
        return ""
    unique = quoted(_column_names(model, on_conflict.unique))
    if not on_conflict.update:
        return f" ON CONFLICT ({unique}) DO NOTHING"
    names = [quoted([name]) for name in _column_names(model, on_conflict.update)]
    return f" ON CONFLICT ({unique}) DO UPDATE SET " + ", ".join(f"{name} = EXCLUDED.{name}" for name in names)


def _column_names(model: type[models.Model], names: Sequence[str]) -> list[str]:
    return [str(model._meta.get_field(name).column) for name in names]  # type: ignore[union-attr]


def _execute_many(
    model: type[models.Model],
    target: list[Column],
    rows: Iterator[tuple[Any, ...]],
    on_conflict: OnConflict | None,
) -> int:
    """Some rows by one statement: each of its own would let go of the interpreter and wait for it again."""
    at_once = max(1, min(_ONE_STATEMENT, _MOST_VALUES // len(target)))
    many = _insert_statement(model, target, on_conflict, rows=at_once, mark="?")
    count = 0
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        try:
            while len(some := list(islice(rows, at_once))) == at_once:
                count += cursor.execute(many, list(chain.from_iterable(some))).rowcount
            one = _insert_statement(model, target, on_conflict, mark="?")
            return count + int(cursor.executemany(one, some).rowcount if some else 0)
        finally:
            cursor.close()


def _insert_few(
    model: type[models.Model], target: list[Column], rows: list[tuple[Any, ...]], on_conflict: OnConflict
) -> int:
    statement = _insert_statement(model, target, on_conflict)
    with connection.cursor() as cursor:
        count = 0
        for row in rows:
            cursor.execute(statement, row)
            count += cursor.rowcount
    return count


def _from_stage(model: type[models.Model], stage: str, target: list[Column], on_conflict: OnConflict) -> int:
    """Move staged rows into the table in the order of their keys, so that two calls at once cannot wait in a circle."""
    names = quoted([column.name for column in target])
    unique = quoted(_column_names(model, on_conflict.unique))
    order = "DESC" if on_conflict.update else "ASC"
    statement = (
        f"INSERT INTO {quoted([model._meta.db_table])} ({names}) "  # noqa: S608 - quoted names only
        f"SELECT {names} FROM (SELECT DISTINCT ON ({unique}) * FROM {quoted([stage])} "
        f"ORDER BY {unique}, staged {order}) AS one{_conflict(model, on_conflict)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)
