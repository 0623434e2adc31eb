"""Ids of predictions: unique everywhere, rising with time, so that the database's index grows at its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from uuid import UUID, SafeUUID

__all__ = ["new_ids"]

_VERSION = 7 << 76
_VARIANT = 2 << 62
_MOST = (1 << 62) - 1
_set, _UNKNOWN = object.__setattr__, SafeUUID.unknown


def new_ids(
    count: int, *, clock_ns: Callable[[], int] = time.time_ns, random: Callable[[int], bytes] = os.urandom
) -> tuple[UUID, ...]:
    """So many ids of version 7 (RFC 9562): milliseconds of the clock, then 74 random bits, counted on from the first.

    The random bits come from the system, so that processes that were forked make different ones.
    """
    bits = int.from_bytes(random(10), "big")
    high = (clock_ns() // 1_000_000 & (1 << 48) - 1) << 80 | _VERSION | (bits >> 62 & 0xFFF) << 64 | _VARIANT
    if count == 1:
        return (_uuid(high | bits & _MOST),)
    return tuple(_uuid(high | bits + place & _MOST) for place in range(count))


def _uuid(number: int) -> UUID:
    """`UUID(int=number)` for a number that is one: half of the time without its checks."""
    made = object.__new__(UUID)
    _set(made, "int", number)
    _set(made, "is_safe", _UNKNOWN)
    return made
