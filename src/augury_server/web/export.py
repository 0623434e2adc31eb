"""Rows as CSV or JSON, streamed: memory stays flat and the first bytes leave at once, however many rows there are."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Literal, TypeAlias

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import models
from django.http import HttpRequest, StreamingHttpResponse

__all__ = ["FORMATS", "Format", "export_columns", "export_response", "exported"]

Format: TypeAlias = Literal["csv", "json"]
FORMATS: tuple[Format, ...] = ("csv", "json")

ROWS_AT_ONCE = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def export_columns(model: type[models.Model], hidden: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns of a model that are exported: all but binary ones and those in `hidden`."""
    return tuple(
        field.attname
        for field in model._meta.concrete_fields
        if not isinstance(field, models.BinaryField) and field.name not in hidden
    )


def export_response(
    request: HttpRequest, rows: models.QuerySet[Any], columns: Sequence[str], form: Format, done: Callable[[int], None]
) -> StreamingHttpResponse:
    """The rows as a download. `done` is called with their number when the last one has left."""
    pieces = exported(rows, columns, form, done)
    content: Any = _in_steps(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(content, content_type=_TYPES[form])
    name = rows.model._meta.verbose_name_plural.replace(" ", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)


async def _in_steps(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces one by one, each made in the thread that holds the request's database connection."""
    following = sync_to_async(_next, thread_sensitive=True)
    try:
        while (piece := await following(pieces)) is not None:
            yield piece
            await asyncio.sleep(0)
    finally:
        await sync_to_async(pieces.close, thread_sensitive=True)()  # type: ignore[attr-defined]


def exported(
    rows: models.QuerySet[Any], columns: Sequence[str], form: Format, done: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """The rows as bytes, a few thousand rows a piece, read through a cursor of the database's own.

    Times in ns keep their column and get a readable one beside it. In CSV, text that a spreadsheet would run as a
    formula is quoted with an apostrophe. JSON is one array with a row a line; numbers that JSON has not are null.
    """
    names, converters = _converters(columns)
    cursor = rows.values_list(*columns).iterator(chunk_size=ROWS_AT_ONCE)
    written = 0
    yield _head(names, form)
    while batch := [_row(values, converters) for values in islice(cursor, ROWS_AT_ONCE)]:
        yield _csv(batch) if form == "csv" else _json(names, batch, first=written == 0)
        written += len(batch)
    if form == "json":
        yield b"\n]\n"
    done(written)


def _converters(columns: Sequence[str]) -> tuple[list[str], list[bool]]:
    names, is_time = [], []
    for column in columns:
        names.append(column.replace("__", "_"))
        is_time.append(column.endswith("_ns"))
        if column.endswith("_ns"):
            names.append(column.removesuffix("_ns").replace("__", "_"))
    return names, is_time


def _row(values: tuple[Any, ...], is_time: list[bool]) -> list[Any]:
    row = []
    for value, time in zip(values, is_time, strict=True):
        row.append(value)
        if time:
            row.append(None if value is None else (_EPOCH + timedelta(microseconds=value // 1000)).isoformat())
    return row


def _head(names: list[str], form: Format) -> bytes:
    return _csv([names]) if form == "csv" else b"["


def _csv(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    text = value.isoformat() if isinstance(value, date) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(names: list[str], rows: list[list[Any]], *, first: bool) -> bytes:
    lines = [json.dumps(dict(zip(names, map(_plain, row), strict=True)), separators=(",", ":")) for row in rows]
    return ((b"\n" if first else b",\n") + ",\n".join(lines).encode()) if lines else b""


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, int | str | dict | list):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
