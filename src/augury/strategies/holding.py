"""Positions with a memory: entered by one condition, left by another."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import inlined

__all__ = ["next_position", "wait"]


@inlined
def next_position(held: Any, buy: Any, leave_long: Any, sell: Any, leave_short: Any) -> Any:
    """The position after this bar: 1 or -1 when one is entered, 0 when the one that is held is left, else the same."""
    if buy:
        return 1.0
    if sell:
        return -1.0
    if (held > 0.0 and leave_long) or (held < 0.0 and leave_short):
        return 0.0
    return held


@inlined
def wait(out: Any, bars: Any) -> Any:
    """Zero for the first `bars` bars; the number of bars written, which is smaller in a shorter series."""
    count = min(bars, out.shape[0])
    for t in range(count):
        out[t] = 0.0
    return count
