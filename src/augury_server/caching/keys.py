"""Keys: a readable name and a hash of everything that the value depends on."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any, NewType
from uuid import UUID

import numpy as np

from augury.errors import InvalidInput
from augury.spec import Spec
from augury.version import __version__

__all__ = [
    "EVERYTHING",
    "Key",
    "checked_name",
    "key_of",
    "key_tag",
    "make_key",
    "name_of",
    "name_tag",
    "name_tags",
    "own_tags",
]

Key = NewType("Key", str)
"""`name:hash`, as `key_of` makes it."""

EVERYTHING = "*"
"""The tag that every entry has."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_KEY = re.compile(r"[a-z][a-z0-9_.]*:[0-9a-f]{32}\Z")
_LONGEST_NAME = 120


def key_of(name: str, /, *, versions: Mapping[str, Any], watermark: Any = None, **parts: Any) -> Key:
    """The key of a value: what it is, of which versions (code, specs, models), of data up to where, and the rest.

    `name` is dotted words, such as "features.rsi". Values may be None, booleans, numbers, text, bytes, dates, times,
    enums, specs, frozen dataclasses, arrays and tuples, lists, sets and mappings of these. Equal values give equal keys
    in every process; 1, 1.0, True and "1" are four values. The library's own version is always part of the key.
    Raises InvalidInput for a malformed name and for values whose identity is not known.

    >>> key_of("features.rsi", versions={"spec": "9f"}, watermark=3, symbol="AAPL").partition(":")[0]
    'features.rsi'
    """
    return make_key(name, versions, watermark, parts)


def make_key(name: str, versions: Mapping[str, Any], watermark: Any, parts: Mapping[str, Any]) -> Key:
    """`key_of` for parts in a mapping."""
    if not isinstance(versions, Mapping) or not versions:
        raise InvalidInput(
            f"versions of the key {name!r} should be a mapping that names at least one version, such as "
            f"{{'spec': spec.id}}, got {versions!r:.80}"
        )
    digest = hashlib.blake2b(digest_size=16)
    for item in (__version__, checked_name(name), versions, watermark, parts):
        digest.update(_canonical(item, 0))
    return Key(f"{name}:{digest.hexdigest()}")


def checked_name(name: str) -> str:
    """The name, if it is dotted lower-case words of at most 120 characters; otherwise raises InvalidInput."""
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.match(name):
        raise InvalidInput(
            f"a name in the cache is dotted lower-case words of at most {_LONGEST_NAME} characters, such as "
            f"'features.rsi'; got {name!r:.150}"
        )
    return name


@lru_cache(maxsize=1024)
def name_tags(name: str) -> tuple[str, ...]:
    """The tags that every entry of a name has: everything, its first word, its first two words, ..."""
    words = name.split(".")
    return (EVERYTHING, *(name_tag(".".join(words[: count + 1])) for count in range(len(words))))


def name_of(key: str) -> str:
    """The name in a key."""
    return key.partition(":")[0]


def name_tag(name: str) -> str:
    """The tag of all entries whose name is `name` or begins with it and a dot."""
    return f"n:{name}"


def key_tag(key: str) -> str:
    """The tag of one entry."""
    return f"k:{key}"


def own_tags(key: Key, tags: Iterable[str]) -> tuple[str, ...]:
    """Every tag of an entry: of its key and as its use names them. Raises InvalidInput for bad keys or tags."""
    if not _KEY.match(key):
        raise InvalidInput(f"a key comes from key_of, such as 'features.rsi:' and 32 hex digits; got {key!r:.150}")
    if isinstance(tags, str):
        raise InvalidInput(f"tags should be a tuple of texts, got the text {tags!r:.80}; write ({tags!r:.40},)")
    return (*name_tags(name_of(key)), key_tag(key), *sorted({checked_tag(tag) for tag in tags}))


def checked_tag(tag: str) -> str:
    """A tag as it is stored. Raises InvalidInput for one that is empty, longer than 200 characters or no text."""
    if not isinstance(tag, str) or not 0 < len(tag) <= 200:
        raise InvalidInput(f"a tag is a text of 1 to 200 characters, such as 'bars:AAPL'; got {tag!r:.80}")
    return f"t:{tag}"


def _canonical(value: Any, depth: int) -> bytes:
    """Bytes that two values share exactly when they are the same: a letter for the type, the length, the content."""
    if depth > 32:
        raise InvalidInput("a part of a cache key is nested more than 32 deep")
    kind, body = _plain(value) or _container(value, depth + 1) or _unknown(value)
    return b"%s%d:%s" % (kind, len(body), body)


def _plain(value: Any) -> tuple[bytes, bytes] | None:
    kind = type(value)
    if value is None:
        return b"N", b""
    if kind is bool:
        return b"?", b"1" if value else b"0"
    if kind is int:
        return b"i", b"%d" % value
    if kind is float:
        return b"f", b"nan" if math.isnan(value) else value.hex().encode()
    if kind is str:
        return b"s", value.encode("utf-8", "surrogatepass")
    if kind is bytes:
        return b"b", value
    if isinstance(value, Enum):
        return b"e", f"{_type_name(value)}.{value.name}".encode()
    if isinstance(value, datetime | date | timedelta | Decimal | UUID | PurePath):
        return b"o", f"{_type_name(value)} {value!r}".encode()  # pandas' Timestamp and Timedelta are among these
    return _array(value) if isinstance(value, np.ndarray | np.generic) else None


def _array(value: Any) -> tuple[bytes, bytes]:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise InvalidInput(
            f"an array of objects ({array.dtype}) cannot be part of a cache key; pass its values as tuples"
        )
    head = f"{type(value).__name__} {array.dtype.str} {array.shape} ".encode()
    return b"a", head + hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=32).digest()


def _container(value: Any, depth: int) -> tuple[bytes, bytes] | None:
    if isinstance(value, Spec):
        return b"S", f"{_type_name(value)} {value.id}".encode()
    if isinstance(value, list | tuple):
        letter = b"l" if isinstance(value, list) else b"t"
        return letter, b"".join(_canonical(item, depth) for item in value)
    if isinstance(value, set | frozenset):
        return b"u", b"".join(sorted(_canonical(item, depth) for item in value))
    if isinstance(value, Mapping):
        pairs = sorted((_canonical(name, depth), _canonical(item, depth)) for name, item in value.items())
        return b"m", b"".join(name + item for name, item in pairs)
    if dataclasses.is_dataclass(value) and _is_frozen(value):
        fields = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return b"d", _canonical(_type_name(value), depth) + _canonical(fields, depth)
    return None


def _is_frozen(value: Any) -> bool:
    return not isinstance(value, type) and bool(value.__dataclass_params__.frozen)


def _unknown(value: Any) -> tuple[bytes, bytes]:
    raise InvalidInput(
        f"a {_type_name(value)} cannot be part of a cache key: its identity is not known; pass what identifies it, "
        f"such as its id, version or spec"
    )


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
