"""The chain of the audit trail: each entry's hash covers its content and the hash of the entry before it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

__all__ = ["START", "canonical", "entry_digest"]

START = "0" * 64
"""What the first entry follows."""


def entry_digest(previous: str, at: datetime, parts: tuple[str, ...], detail: Any) -> str:
    """SHA-256 as 64 hexadecimal digits; every part is preceded by its length, so that nothing moves between parts."""
    running = hashlib.sha256(b"augury.audit.1\0")
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    for text in (previous, moment, *parts, canonical(detail)):
        encoded = text.encode()
        running.update(len(encoded).to_bytes(8, "big") + encoded)
    return running.hexdigest()


def canonical(value: Any) -> str:
    """One text for a JSON value, however a database gives its numbers and the order of its keys back."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(name)}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        return "0" if number == 0 else _plain(number)
    return _text(str(value))


def _plain(number: Decimal) -> str:
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits))
    short = text.rstrip("0")
    return f"{'-' if sign else ''}{short}e{int(exponent) + len(text) - len(short)}"


def _text(value: str) -> str:
    return f"{len(value)}'{value}'"
