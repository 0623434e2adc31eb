"""Whether symbols belong on one grid of times, and the times they have together."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidBars, InvalidInput
from augury.market.rules import times_increase
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import iso

__all__ = ["check_grid", "check_times", "one_timeframe", "union_of"]

_SHARED = 0.5
"""Least share of the open times that daily symbols have in common, where both have bars."""


def union_of(one: IntVector, other: IntVector) -> IntVector:
    """The times of both, each once, in order; both must increase."""
    if np.array_equal(one, other):
        return one
    both = np.concatenate([one, other])
    both.sort(kind="stable")  # merges the two sorted runs; np.union1d hashes, which takes far longer
    fresh = np.empty(both.size, dtype=np.bool_)
    fresh[0] = True
    np.not_equal(both[1:], both[:-1], out=fresh[1:])
    return both[fresh]


def check_times(name: str, times: IntVector) -> None:
    """Refuse times of one symbol that are none, or do not increase; InvalidBars says where."""
    if times.size == 0:
        raise InvalidBars(f"symbol {name!r}: expected at least one bar, got none")
    if not times_increase(times):
        at = int(np.argmax(times[1:] <= times[:-1])) + 1
        raise InvalidBars(
            f"symbol {name!r}: expected strictly increasing times; row {at} ({iso(int(times[at]))}) is not after the "
            "row before; sort the rows by time and drop repetitions"
        )


def one_timeframe(name: str, times: IntVector, step: Timeframe | None, given: Any) -> Timeframe | None:
    """The timeframe of this symbol, once it is known to be that of the symbols before; InvalidInput when it is not."""
    if given is not None or times.size < 10:
        return step
    own = infer_timeframe(times)
    if step is not None and own != step:
        raise InvalidInput(
            f"symbol {name!r} has bars of {own}, those before have {step}; resample them to one timeframe, or, if bars "
            "are only missing, pass timeframe="
        )
    return own


def check_grid(name: str, times: IntVector, union: IntVector, step: Timeframe | None) -> None:
    """Refuse a symbol that trades at the same time as the others but opens its bars at other moments."""
    if union.size == 0:
        return
    begin, end = max(times[0], union[0]), min(times[-1], union[-1])
    own = times[np.searchsorted(times, begin) : np.searchsorted(times, end, side="right")]
    other = union[np.searchsorted(union, begin) : np.searchsorted(union, end, side="right")]
    fewer = min(own.size, other.size)
    if fewer < 2:
        return
    common = int((other[np.minimum(np.searchsorted(other, own), other.size - 1)] == own).sum())
    daily = step is not None and step.ns >= Timeframe.of("1D").ns
    if common == 0 or (daily and common < _SHARED * fewer):
        raise InvalidInput(
            f"symbol {name!r} shares {common} of {fewer} open times with the others between {iso(int(begin))} and "
            f"{iso(int(end))}: they look like different time zones or sessions; bring all to one (zone= when reading)"
        )
