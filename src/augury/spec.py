"""The Spec contract: the options of every part are a frozen, typed, keyword-only record beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar, Self, get_type_hints

import msgspec

from augury.errors import InvalidInput, nearest

__all__ = ["Spec"]


@cache
def _field_types(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Base of every options record.

    A subclass is declared `@dataclass(frozen=True, slots=True, kw_only=True)`; bounds are written with
    `Annotated[int, msgspec.Meta(ge=2)]` and rules across fields in `check`. Values are checked when the record
    is built; `from_dict` also refuses unknown keys and names the nearest known one.
    `id` is a hash of the canonical JSON: equal options give equal ids, in every process and on every machine.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True, kw_only=True)
    ... class WindowSpec(Spec):
    ...     window_bars: int = 50
    >>> WindowSpec.from_dict({"window_bars": 20}).window_bars
    20
    """

    summary: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name, kind in self._types().items():
            value = getattr(self, name)
            if isinstance(value, Spec):
                continue
            try:
                converted = msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                message = f"{type(self).__name__}.{name} = {value!r}: {error}"
                raise InvalidInput(message) from error
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
        """Build from plain values (JSON, TOML, command line). Unknown keys raise InvalidInput."""
        types = cls._types()
        for key in values:
            if key not in types:
                raise InvalidInput(f"{cls.__name__} has no option {key!r}; {nearest(key, types)}")
        built: dict[str, Any] = {}
        for key, value in values.items():
            nested = types[key]
            is_spec = isinstance(nested, type) and issubclass(nested, Spec)
            built[key] = nested.from_dict(value) if is_spec and isinstance(value, Mapping) else value
        return cls(**built)

    def to_dict(self) -> dict[str, Any]:
        """The options as plain JSON-ready values, every field present."""
        out: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            out[field.name] = value.to_dict() if isinstance(value, Spec) else msgspec.to_builtins(value)
        return out

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
