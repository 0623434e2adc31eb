"""Flags turned into events in one pass that looks at blocks of bars and stops only at those with a flag."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from numba import types

from augury.backtest.account.records import EVENTS, VECTOR
from augury.numerics.compile import inlined, kernel

__all__ = ["Flags", "note_events"]

_BLOCK: Final = 64
_FLAGS = types.Array(types.uint8, 1, "C", readonly=True)


class Flags(NamedTuple):
    """Entries and exits of both sides, uint8[n] each, not 0 where flagged."""

    long_entries: Any
    long_exits: Any
    short_entries: Any
    short_exits: Any


FLAGS = types.NamedUniTuple(_FLAGS, 4, Flags)


@inlined
def _any_flag(flags: Any, start: Any, width: Any) -> Any:
    first, second = flags.long_entries[start : start + width], flags.long_exits[start : start + width]
    third, fourth = flags.short_entries[start : start + width], flags.short_exits[start : start + width]
    found = 0
    for i in range(width):
        found |= first[i] | second[i] | third[i] | fourth[i]
    return found != 0


@inlined
def _asks(flags: Any, t: Any, reverses: Any, was_long: Any) -> Any:
    """What the flags of bar t ask for: (side of an entry or 0, whether an exit counts)."""
    long_out, short_out = flags.long_exits[t] != 0, flags.short_exits[t] != 0
    long_in = flags.long_entries[t] != 0 and not long_out
    short_in = flags.short_entries[t] != 0 and not short_out
    if long_in != short_in:
        return (1.0 if long_in else -1.0), False
    if not reverses:
        return 0.0, long_out
    return 0.0, (long_out if was_long else short_out)


@kernel(types.int64(FLAGS, VECTOR, types.boolean, EVENTS))
def note_events(flags: Any, sizes: Any, reverses: Any, events: Any) -> Any:
    """Write the events of the flags into `events`, with room for one a flag; how many.

    `sizes` float64[n] or [1]; `reverses`: some short entry counts, so exits count by the side of the last entry.
    """
    n, count, was_long = flags.long_entries.shape[0], 0, False
    for start in range(0, n, _BLOCK):
        whole = start + _BLOCK <= n
        if whole and not _any_flag(flags, start, _BLOCK):
            continue
        for t in range(start, min(start + _BLOCK, n)):
            side, out = _asks(flags, t, reverses, was_long)
            if side == 0.0 and not out:
                continue
            events.bars[count] = t
            events.targets[count] = side * sizes[t if sizes.shape[0] == n else 0] if side != 0.0 else 0.0
            count += 1
            was_long = side > 0.0 if side != 0.0 else was_long
    return count
