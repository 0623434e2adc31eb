"""Entry and exit flags instead of target positions, and the events that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augury.arrays import BoolVector, FloatMatrix, FloatVector
from augury.backtest.account.alignment import aligned_values
from augury.backtest.account.engine import EngineRun
from augury.backtest.account.event_engine import run_target_events
from augury.backtest.account.events import TargetEvents
from augury.backtest.account.layout import Events
from augury.backtest.orders.signal_kernel import Flags, note_events
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
    return run_target_events(bars, target_events(bars, signals, spec), spec, actions=actions)


def signal_events(bars: BarArrays, signals: Signals, spec: BacktestSpec) -> FloatVector:
    """The flags as events float64[n] for `run_engine(..., events=True)`: a target where an order arises, else NaN.

    An entry is repeated wherever it is flagged: the engine ignores a target that it already has, and takes it again
    after an exit of its own.
    """
    return target_events(bars, signals, spec).dense()


def target_events(bars: BarArrays, signals: Signals, spec: BacktestSpec) -> TargetEvents:
    """The same events as the bars at which they arise and what each asks for."""
    none = np.zeros(len(bars), dtype=np.bool_)
    given = {name: _flags(getattr(signals, name), name, bars) for name in _NAMES if getattr(signals, name) is not None}
    counts = {name: int(np.count_nonzero(array)) for name, array in given.items()}
    shorts = counts.get("short_entries", 0)
    if not spec.allow_short and shorts:
        raise InvalidInput("short_entries has flags but `allow_short` is off; leave them out or switch it on")
    flags = Flags(*(given.get(name, none) for name in _NAMES))
    reverses = bool(shorts) and _some_short_counts(flags)
    sizes = np.atleast_1d(_size(signals.size, bars, spec))
    room = min(sum(counts.values()), len(bars))
    events = Events(np.empty(room, dtype=np.int64), np.empty(room))
    count = note_events(Flags(*map(_bytes, flags)), sizes, reverses, events)
    return TargetEvents(bars=events.bars[:count], targets=events.targets[:count], n=len(bars))


def _bytes(flags: BoolVector) -> NDArray[np.uint8]:
    """The flags as the kernel reads them: one byte each, read-only as some flags are and all may be."""
    view = flags.view(np.uint8)
    view.flags.writeable = False
    return view


def _some_short_counts(flags: Flags) -> bool:
    """Whether a short entry is left after the rules of `Signals` have struck out those that count for nothing."""
    long_in, short_in = flags.long_entries & ~flags.long_exits, flags.short_entries & ~flags.short_exits
    return bool((short_in & ~long_in).any())


def _flags(values: Any, name: str, bars: BarArrays) -> BoolVector:
    """The flags as bool[n], C-contiguous; InvalidInput for anything but booleans."""
    array = aligned_values(values, name, bars)
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array)
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
    return np.ascontiguousarray(array)


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
