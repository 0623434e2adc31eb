"""The hash of an entry: over its place, its time, the hash before it and every byte it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["entry_hash"]

_ABSENT = 2**64 - 1


def entry_hash(sequence: int, written_at: int, previous: bytes, parts: Sequence[bytes | None]) -> bytes:
    """SHA-256, 32 bytes. Each part is preceded by its length, so that no byte can move from one part to the next."""
    running = hashlib.sha256(b"augury.entry.1\0")
    running.update(sequence.to_bytes(8, "big", signed=True) + written_at.to_bytes(8, "big", signed=True))
    running.update(len(previous).to_bytes(8, "big") + previous)
    for part in parts:
        running.update((_ABSENT if part is None else len(part)).to_bytes(8, "big"))
        running.update(part or b"")
    return running.digest()
