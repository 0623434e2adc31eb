"""One JSON text for one value: what is hashed into the ledger and compared between runs."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from augury.errors import InvalidInput
from augury.spec import Spec

__all__ = ["canonical_json", "digest", "plain", "written_text"]

_DEEPEST = 40
_PLAIN = frozenset((int, str, bool, type(None)))


def canonical_json(value: Any, *, what: str = "value") -> str:
    """ASCII JSON with sorted keys and no blanks: equal values give equal text, 10, 10.0 and np.int64(10) included.

    NaN and infinities become null: JSON has no word for them, and a ledger must be readable by every tool.
    Raises InvalidInput, naming the place, for a value that JSON cannot hold.

    >>> canonical_json({"slow": 50.0, "fast": 10, "stop": float("nan")})
    '{"fast":10,"slow":50,"stop":null}'
    """
    return json.dumps(plain(value, what=what), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any, *, what: str = "value") -> str:
    """16 hex digits: the head of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value, what=what).encode()).hexdigest()[:16]


def plain(value: Any, *, what: str = "value", depth: int = 0) -> Any:
    """The value as dicts, lists, text, whole numbers, finite floats, booleans and None."""
    if depth > _DEEPEST:
        raise InvalidInput(f"{what} is nested more than {_DEEPEST} levels deep, or contains itself; record less of it")
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, int | float | np.number | np.bool_):
        return _number(value, what)
    if isinstance(value, Spec):
        return plain(value.to_dict(), what=what, depth=depth + 1)
    if isinstance(value, Mapping):
        return _object(value, what, depth)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        if isinstance(value, list) and _PLAIN.issuperset(map(type, value)):  # columns of a sweep are long
            return value
        items = [plain(item, what=f"{what}[{at}]", depth=depth + 1) for at, item in enumerate(value)]
        return sorted(items, key=canonical_json) if isinstance(value, set | frozenset) else items
    if isinstance(value, Enum):
        return plain(value.value, what=what, depth=depth + 1)
    if isinstance(value, dt.date):  # datetime and pandas Timestamp included
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise InvalidInput(
        f"{what} should be something JSON can hold (numbers, text, true/false, lists, mappings), got "
        f"{type(value).__name__}; turn it into one of these before recording it"
    )


def written_text(value: Any, *, what: str) -> None:
    """Raise InvalidInput unless this is text that is not blank and that every file can hold."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{what} should be text that is not blank, got {value!r:.80}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{what} should be valid Unicode text, got {value!r:.80}: {error.reason}") from error


def _number(value: Any, what: str) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, complex | np.complexfloating):
        raise InvalidInput(f"{what} should be a real number, got {value!r}")
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _object(value: Mapping[Any, Any], what: str, depth: int) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise InvalidInput(f"{what} should have text keys, got {key!r} of type {type(key).__name__}")
    return {str(key): plain(item, what=f"{what}.{key}", depth=depth + 1) for key, item in value.items()}
