"""Rows, bars and options as JSON, and JSON as records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from augury.client.steps import Reply
from augury.errors import InvalidInput, Unavailable

__all__ = ["JSON", "bar_columns", "decoded", "encoded", "lines_of", "numbers", "plain"]

JSON = "application/json"

Record = TypeVar("Record")


def numbers(values: Any, what: str) -> Any:
    """Plain numbers of a row by name, of a list, an array or nested lists: NaN becomes null, infinities are refused."""
    if isinstance(values, Mapping):
        return {str(name): numbers(value, what) for name, value in values.items()}
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [numbers(value, what) for value in values]
    if isinstance(values, float):
        if math.isinf(values):
            raise InvalidInput(f"{what} holds an infinite number; expected finite ones, NaN or None where undefined")
        return None if math.isnan(values) else values
    if values is None or isinstance(values, int | str):
        return values
    raise InvalidInput(f"{what} should hold numbers, got {type(values).__name__}")


def bar_columns(bars: Any) -> dict[str, Any]:
    """Bars as columns: those of a mapping as they are, of anything else what `validate_bars` makes of it."""
    if isinstance(bars, Mapping):
        return dict(numbers(bars, "bars"))
    from augury.market.bars import BAR_COLUMNS, BarArrays
    from augury.market.validate import valid_arrays

    found = bars if isinstance(bars, BarArrays) else valid_arrays(bars)
    columns = zip(BAR_COLUMNS, found.matrix.tolist(), strict=True)
    return {"opened_at": found.opened_at.tolist(), **dict(columns)}


def plain(value: Any) -> Any:
    """Options as JSON has them: tuples are lists, paths and times are texts."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"expected finite numbers in options, got {value!r}")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    to_dict = getattr(value, "to_dict", None)
    return plain(to_dict()) if callable(to_dict) else str(value)


def encoded(value: Any) -> bytes:
    """A value as JSON."""
    return msgspec.json.encode(value)


def lines_of(records: Iterable[Any]) -> bytes:
    """Records as NDJSON."""
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def decoded(reply: Reply, kind: type[Record], what: str) -> Record:
    """The record of a reply; Unavailable when what answered does not speak as the platform does."""
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(
            f"expected {what} from the platform, got something else ({error}); is it one, of a fitting version?"
        ) from error
