"""The Spec contract: the options of every part are a frozen, typed, keyword-only record beside it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin, get_type_hints

import msgspec

from augury.errors import InvalidInput, nearest

__all__ = ["Spec"]


@cache
def _field_types(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _nested(kind: Any, value: Any) -> Any:
    """Turn mappings into the specs that the field's type names, inside tuples and optional fields too."""
    if isinstance(kind, type) and issubclass(kind, Spec):
        return kind.from_dict(value) if isinstance(value, Mapping) else value
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _nested(inner[0], value)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_nested(inner[0], item) for item in value)
    if origin in (Union, UnionType) and isinstance(value, Mapping):
        specs = [choice for choice in inner if isinstance(choice, type) and issubclass(choice, Spec)]
        return _nested(specs[0], value) if len(specs) == 1 else value
    return value


def _expected(kind: Any, error: msgspec.ValidationError) -> str:
    """What was expected, in msgspec's words, with the choices where there are some."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return "Expected one of " + ", ".join(repr(choice) for choice in get_args(kind))
    return str(error)


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_dict()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return msgspec.to_builtins(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Base of every options record.

    A subclass is declared `@dataclass(frozen=True, slots=True, kw_only=True)`; bounds are written with
    `Annotated[int, msgspec.Meta(ge=2)]` and rules across fields in `check`. Values are checked when the record
    is built, NaN and infinities refused; `from_dict` also refuses unknown keys and names the nearest known one.
    `id` is a hash of the canonical JSON: equal options give equal ids, in every process and on every machine.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True, kw_only=True)
    ... class WindowSpec(Spec):
    ...     window_bars: int = 50
    >>> WindowSpec.from_dict({"window_bars": 20}).window_bars
    20
    """

    def __post_init__(self) -> None:
        for name, kind in self._types().items():
            value = getattr(self, name)
            if isinstance(value, Spec):
                continue
            try:
                converted = msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                message = f"{type(self).__name__}.{name} = {value!r}: {_expected(kind, error)}"
                raise InvalidInput(message) from error
            if isinstance(converted, float) and not math.isfinite(converted):
                raise InvalidInput(f"{type(self).__name__}.{name} = {value!r}: Expected a finite number")
            object.__setattr__(self, name, converted)
        self.check()

    def check(self) -> None:
        """Rules that involve several fields; raise InvalidInput when one is broken."""

    @classmethod
    def _types(cls) -> dict[str, Any]:
        hints = _field_types(cls)  # type: ignore[arg-type]
        return {field.name: hints[field.name] for field in fields(cls)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values (JSON, TOML, command line). Unknown and missing keys raise InvalidInput."""
        if not isinstance(values, Mapping):
            raise InvalidInput(f"{cls.__name__} should be a mapping of options, got {values!r:.80}")
        types = cls._types()
        for key in values:
            if key not in types:
                raise InvalidInput(f"{cls.__name__} has no option {key!r}; {nearest(key, types)}")
        needed = (item.name for item in fields(cls) if item.default is MISSING and item.default_factory is MISSING)
        missing = [name for name in needed if name not in values]
        if missing:
            raise InvalidInput(f"{cls.__name__} needs {', '.join(missing)}; give a value for each")
        return cls(**{key: _nested(types[key], value) for key, value in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """The options as plain JSON-ready values, every field present."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked again."""
        return replace(self, **changes)

    @property
    def id(self) -> str:
        """16 hex digits: SHA-256 of the canonical JSON of the type's name and every option."""
        canonical = json.dumps(
            {"type": type(self).__name__, "options": self.to_dict()},
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
