"""Entry and exit flags instead of target positions, and the events that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatMatrix, FloatVector
from augury.backtest.account.alignment import aligned_values
from augury.backtest.account.engine import EngineRun, run_engine
from augury.backtest.spec import BacktestSpec
from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.market.times import iso

__all__ = ["Signals", "run_signal_engine", "signal_events"]

_NAMES = ("long_entries", "long_exits", "short_entries", "short_exits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Flags bool[n] at each bar's close, and the size of an entry as a fraction of equity (a number or float64[n]).

    An order arises from the position that the last order asked for, and is filled as any other (see `BacktestSpec`):

    - Long entry: hold +size; from short that is one order that reverses. While long it changes nothing unless the size
      differs. Short entry: the mirror image.
    - Long exit: hold nothing, if long. Short exit: hold nothing, if short. Others are ignored.
    - An entry and an exit of one side at the same bar: the entry does not count.
    - A long and a short entry at the same bar, neither struck out by that rule: no order at all.
    - An exit and an entry to the other side at the same bar: the reversal.

    After a stop, target or time exit the account is flat and takes the next entry.
    """

    long_entries: Any
    long_exits: Any = None
    short_entries: Any = None
    short_exits: Any = None
    size: Any = 1.0


def run_signal_engine(
    bars: BarArrays, signals: Signals, spec: BacktestSpec, *, actions: FloatMatrix | None = None
) -> EngineRun:
    """Run entry and exit flags, decided at each close, through the account; InvalidInput for flags that are none.

    The bare run of the engine, for loops over many; `run_signals` has the measures, the trades and the proof.
    """
    return run_engine(bars, signal_events(bars, signals, spec), spec, actions=actions, events=True)


def signal_events(bars: BarArrays, signals: Signals, spec: BacktestSpec) -> FloatVector:
    """The flags as events float64[n] for `run_engine(..., events=True)`: a target where an order arises, else NaN.

    An entry is repeated wherever it is flagged: the engine ignores a target that it already has, and takes it again
    after an exit of its own.
    """
    flags = {name: _flags(getattr(signals, name), name, bars) for name in _NAMES}
    if not spec.allow_short and bool(flags["short_entries"].any()):
        raise InvalidInput("short_entries has flags but `allow_short` is off; leave them out or switch it on")
    long_out, short_out = flags["long_exits"], flags["short_exits"]
    long_in, short_in = flags["long_entries"] & ~long_out, flags["short_entries"] & ~short_out
    both = long_in & short_in
    long_in, short_in = long_in & ~both, short_in & ~both
    out = long_out
    if bool(short_in.any()):
        longs = _last_entry_was_long(long_in, short_in)
        out = (long_out & longs) | (short_out & ~longs)
    size = _size(signals.size, bars, spec)
    events = np.where(out, 0.0, np.nan)
    np.copyto(events, size, where=long_in)
    np.copyto(events, -size, where=short_in)
    return events


def _last_entry_was_long(long_in: BoolVector, short_in: BoolVector) -> BoolVector:
    """Whether the last entry before each bar was a long one; False before the first."""
    entry = long_in | short_in
    last = np.maximum.accumulate(np.where(entry, np.arange(entry.size), -1))
    before = np.concatenate(([-1], last[:-1]))
    return np.asarray((before >= 0) & long_in[before])


def _flags(values: Any, name: str, bars: BarArrays) -> BoolVector:
    """The flags as bool[n], all False for None; InvalidInput for anything but booleans."""
    if values is None:
        return np.zeros(len(bars), dtype=np.bool_)
    array = aligned_values(values, name, bars)
    missing = pd.isna(array)
    if bool(missing.any()):
        at = int(np.argmax(missing))
        raise InvalidInput(
            f"{name} should be True or False at every bar; {int(missing.sum())} are missing, the first at bar {at} "
            f"({iso(int(bars.opened_at[at]))}): say what holds there, for instance False while warming up"
        )
    if array.dtype == np.object_ and all(isinstance(value, bool | np.bool_) for value in array):
        array = array.astype(np.bool_)
    if array.dtype != np.bool_:
        raise InvalidInput(f"{name} should be booleans, got {array.dtype}; compare with something, for instance > 0")
    return array


def _size(size: Any, bars: BarArrays, spec: BacktestSpec) -> FloatVector:
    """Entry sizes as fractions of equity, float64[n] or a single one."""
    single = isinstance(size, int | float | np.integer | np.floating) and not isinstance(size, bool)
    array = np.asarray(size if single else aligned_values(size, "size", bars))
    if array.dtype.kind not in "fiu":
        raise InvalidInput(f"size should be numbers, fractions of equity; got {array.dtype}")
    sizes = array.astype(np.float64)
    good = (sizes > 0.0) & (sizes <= spec.leverage)
    if not bool(good.all()):
        raise InvalidInput(
            f"size should be a fraction of equity above 0 and up to the leverage {spec.leverage:g}; "
            f"got {sizes[~good].flat[0] if sizes.ndim else float(sizes):g}"
        )
    return sizes
