"""Results as agents get them: plain values of a bounded size, and a short text that says the same."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["LARGEST", "short_text", "structured"]

LARGEST = 256 * 1024
"""Bytes of JSON that an agent is given at most; longer lists are cut, and it is said how much was left out."""

_ITEMS = (1000, 200, 50, 10, 3)
_LONGEST_VALUE = 200
_MOST_LINES = 40
_MOST_CHARACTERS = 4_000


def structured(result: dict[str, Any], exit_code: int = 0) -> dict[str, Any]:
    """A result as JSON has it: null for NaN and infinities, lists cut where it would be too large.

    `left_out` then names the lists by their path, with how many items of how many are there. `exit_code` stands in it
    when it is not 0: the operation itself found something wrong.
    """
    told = {**result, **({"exit_code": exit_code} if exit_code else {})}
    whole: dict[str, Any] = _plain(told, "", None, {})
    if _size(whole) <= LARGEST:
        return whole
    for most in _ITEMS:
        cut: dict[str, str] = {}
        found: dict[str, Any] = _plain(told, "", most, cut)
        found["left_out"] = cut
        if _size(found) <= LARGEST:
            return found
    return {"left_out": {"": f"{_size(whole):,} bytes of JSON, more than {LARGEST:,}; ask for less"}}


def short_text(title: str, result: dict[str, Any]) -> str:
    """A few lines for a reader: single values, how long lists are, the notes; then some of the rows, as JSON."""
    lines = [title]
    for name, value in result.items():
        if name == "notes" and isinstance(value, list):
            continue
        lines.append(f"{name}: {_brief(value)}")
    notes = result.get("notes")
    lines.extend(str(note) for note in notes) if isinstance(notes, list) else None
    shown = lines[:_MOST_LINES]
    shown += [f"... and {len(lines) - len(shown)} more"] if len(lines) > len(shown) else []
    return "\n".join(shown + _rows_shown(result))


def _rows_shown(result: dict[str, Any]) -> list[str]:
    """Rows of objects as lines of JSON, as many as fit; the rest is in the structured content."""
    lines: list[str] = []
    room = _MOST_CHARACTERS
    for name, value in _plain(result, "", None, {}).items():
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            continue
        for place, row in enumerate(value):
            line = f"{name}[{place}]: {json.dumps(row, ensure_ascii=False)}"
            if len(line) > room:
                lines.append(f"... {len(value) - place:,} more of {name} in the structured content")
                break
            lines.append(line)
            room -= len(line)
    return lines


def _plain(value: Any, path: str, most: int | None, cut: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item, f"{path}.{key}" if path else str(key), most, cut) for key, item in value.items()}
    if isinstance(value, list | tuple):
        kept = value if most is None else value[:most]
        if len(kept) < len(value):
            cut[path] = f"{len(kept):,} of {len(value):,}"
        return [_plain(item, f"{path}[]", most, cut) for item in kept]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))


def _brief(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return f"{len(value):,} rows of {', '.join(map(str, list(value[0])[:12]))}"
        text = ", ".join(map(str, value[:12]))
        value = text if len(value) <= 12 else f"{text}, ... ({len(value):,} in all)"
    elif isinstance(value, dict):
        value = ", ".join(f"{key}={_leaf(item)}" for key, item in list(value.items())[:12])
    text = _leaf(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _leaf(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return f"{len(value)} items"
    return "-" if value is None else str(value)
