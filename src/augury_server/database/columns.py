"""How values of Python become values of a table's columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import eq
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from augury.errors import InvalidInput, nearest

__all__ = ["Column", "columns_of", "fixed_type", "quoted"]

_FIXED = {
    "BigIntegerField": ">i8",
    "BigAutoField": ">i8",
    "PositiveBigIntegerField": ">i8",
    "IntegerField": ">i4",
    "PositiveIntegerField": ">i4",
    "SmallIntegerField": ">i2",
    "PositiveSmallIntegerField": ">i2",
    "FloatField": ">f8",
    "BooleanField": "?",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Converter: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Makes of some values of a column as many that the engine takes: one check for all of them costs least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that is written: `convert` makes what the engine takes; `make` gives a value that no row brings."""

    field: models.Field[Any, Any]
    convert: Converter
    make: Callable[[], Any] | None = None

    @property
    def name(self) -> str:
        """The name in the table."""
        return str(self.field.column)


def quoted(names: Sequence[str]) -> str:
    """Names for a statement, parted by commas."""
    return ", ".join(connection.ops.quote_name(name) for name in names)


def fixed_type(field: models.Field[Any, Any]) -> str | None:
    """The NumPy type, big-endian, of a column whose values all take the same room; None for text and the like."""
    return _FIXED.get(_target(field).get_internal_type())


def columns_of(model: type[models.Model], names: Sequence[str]) -> list[Column]:
    """The named columns and then those that have a default in Python; InvalidInput for a name that no field has."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    fields |= {field.attname: field for field in model._meta.concrete_fields}
    for name in names:
        if name not in fields:
            raise InvalidInput(f"{model.__name__} has no column {name!r}; {nearest(name, fields)}")
    given = [fields[name] for name in names]
    found = [Column(field=field, convert=_converter(field)) for field in given]
    others = [(field, _default(model, field)) for field in model._meta.concrete_fields if field not in given]
    found += [Column(field=field, convert=_converter(field), make=make) for field, make in others if make is not None]
    return found


def _target(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    return _target(field.target_field) if isinstance(field, models.ForeignKey) else field


def _default(model: type[models.Model], field: models.Field[Any, Any]) -> Callable[[], Any] | None:
    if isinstance(field, models.AutoField | models.GeneratedField) or field.db_default is not models.NOT_PROVIDED:
        return None
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return timezone.now
    if field.has_default():
        return field.get_default
    if field.null:
        return None
    raise InvalidInput(f"rows of {model.__name__} need a value for {field.name!r}: it has no default")


def _converter(field: models.Field[Any, Any]) -> Converter:
    kind = _target(field).get_internal_type()
    if kind == "FloatField":
        return _numbers
    if kind.endswith("IntegerField") or kind == "BigAutoField":
        return _integers
    if kind in ("CharField", "TextField", "SlugField"):
        return _texts(field)
    if connection.vendor == "sqlite" and kind in _PLAIN_IN_SQLITE and not getattr(field, "encoder", None):
        of, quick = _PLAIN_IN_SQLITE[kind]
        return lambda values: [
            quick(value) if type(value) in of else field.get_db_prep_save(value, connection) for value in values
        ]
    return lambda values: [field.get_db_prep_save(value, connection) for value in values]


def _sqlite_time(value: datetime) -> str:
    """As Django writes it: UTC, without its offset."""
    if value.tzinfo is None:
        raise InvalidInput(f"expected a time with its offset, got {value.isoformat()}; add +00:00 for UTC")
    since = value - _EPOCH
    microseconds = since.microseconds
    second = _second(since.days, since.seconds)
    return f"{second}.{microseconds:06d}" if microseconds else second


@lru_cache(1_000)
def _second(days: int, seconds: int) -> str:
    """A second since 1970 in words: rows that come together are of few, and the words take most of the time."""
    return str(_EPOCH.replace(tzinfo=None) + timedelta(days, seconds))


def _sqlite_json(value: Any) -> str:
    """As Django writes it; numbers alone are written by `repr`, which is what `json` calls for each of them."""
    if type(value) in (tuple, list) and set(map(type, value)) == {float}:
        return repr(list(value))
    return json.dumps(value)


_PLAIN_IN_SQLITE: dict[str, tuple[tuple[type, ...], Callable[[Any], str]]] = {
    "DateTimeField": ((datetime,), _sqlite_time),
    "JSONField": ((tuple, list, dict), _sqlite_json),
    "UUIDField": ((UUID,), lambda value: f"{value.int:032x}"),
}
"""Of these columns a value of the types is written directly: Django's own way takes several times as long."""


def _numbers(values: Sequence[Any]) -> Sequence[Any]:
    """NaN, which stands for undefined in arrays, is NULL in a table."""
    if set(map(type, values)) == {float} and all(map(eq, values, values)):
        return values
    return [None if value is None or value != value else float(value) for value in values]


def _integers(values: Sequence[Any]) -> Sequence[Any]:
    if set(map(type, values)) == {int}:
        return values
    return [value if value is None or type(value) is int else int(value) for value in values]


def _texts(field: models.Field[Any, Any]) -> Converter:
    longest = field.max_length

    def one(value: Any) -> str | None:
        if value is None:
            return None
        text = str(value)
        if "\0" in text:
            raise InvalidInput(f"{field.name} should be text without zero bytes, got {text[:40]!r}")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InvalidInput(f"{field.name} should be valid Unicode text, got {text[:40]!r}")
        if longest is not None and len(text) > longest:
            raise InvalidInput(
                f"{field.name} should have at most {longest} characters, {text[:40]!r}... has {len(text)}"
            )
        return text

    def convert(values: Sequence[Any]) -> Sequence[Any]:
        if set(map(type, values)) == {str} and (longest is None or max(map(len, values)) <= longest):
            together = "".join(values)
            if together.isascii() and "\0" not in together:
                return values
        return [one(value) for value in values]

    return convert
