"""What may stand in the detail of an entry: JSON that both engines give back as it was, without secrets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["tidy"]

_HIDDEN = ("password", "secret", "token", "authorization", "api_key", "cookie")
_LONGEST_TEXT = 2_000
_MOST_ITEMS = 100
_DEEPEST = 8
_LARGEST = 10**300


def tidy(value: Any, depth: int = 0) -> Any:
    """Plain JSON: secrets hidden, long texts and lists cut with a note, numbers that JSON has not as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < _LARGEST else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _text(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {
            _text(str(name)): "***" if _is_secret(str(name)) and item else tidy(item, depth + 1)
            for name, item in value.items()
        }
    if depth < _DEEPEST and isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        items = list(value)
        kept = [tidy(item, depth + 1) for item in items[:_MOST_ITEMS]]
        return kept if len(items) == len(kept) else [*kept, f"... {len(items) - len(kept)} more"]
    return _text(str(value))


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _HIDDEN)


def _text(value: str) -> str:
    clean = value.replace("\0", "").encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST_TEXT else f"{clean[:_LONGEST_TEXT]}... {len(clean) - _LONGEST_TEXT} more"
