"""Which part of a symbol's history a load asks its source for."""

from __future__ import annotations

from dataclasses import dataclass

from augury.errors import InvalidInput
from augury.market.timeframe import Timeframe
from augury.market.times import EARLIEST_NS, iso

__all__ = ["Bounds", "LoadWindow", "plan_window"]

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadWindow:
    """Bars that open in [start_ns, end_ns) and are closed by `now_ns`; int64 ns UTC."""

    start_ns: int
    end_ns: int
    now_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a load was asked for: `start_ns` and `end_ns` where the caller named them, and the clock."""

    start_ns: int | None
    end_ns: int | None
    now_ns: int


def plan_window(
    bounds: Bounds, watermark_ns: int | None, timeframe: Timeframe, *, overlap_bars: int, history_days: int | None
) -> LoadWindow:
    """The window of one symbol's load.

    A start that the caller names stands. Otherwise the window begins `overlap_bars` bars before the last stored open,
    so that restated bars are seen again; for a symbol without any, `history_days` before now. `history_days` None is
    for sources that cost nothing to read in full, files and stores: they are, every time, so that a file with older
    bars than the last one is not passed over. Raises InvalidInput when nothing lies between start and end.
    """
    end = bounds.now_ns if bounds.end_ns is None else min(bounds.end_ns, bounds.now_ns)
    if bounds.start_ns is not None:
        start = bounds.start_ns
    elif history_days is None:
        start = EARLIEST_NS
    elif watermark_ns is not None:
        start = watermark_ns - overlap_bars * timeframe.ns
    else:
        start = bounds.now_ns - history_days * _DAY_NS
    start = max(start, EARLIEST_NS)
    if start >= end:
        raise InvalidInput(
            f"expected a start before the end and before now, got {iso(start)} and {iso(end)}; move start or end"
        )
    return LoadWindow(start_ns=start, end_ns=end, now_ns=bounds.now_ns)
