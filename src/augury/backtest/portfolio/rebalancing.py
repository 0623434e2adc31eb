"""The calendar of rebalances: at which closes a portfolio goes back to its weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, IntVector
from augury.backtest.portfolio.portfolio_spec import RebalanceSpec

__all__ = ["due_bars", "period_numbers"]

_DAY_NS = 86_400 * 10**9
_FIRST_MONDAY = 4  # 1970-01-05, in days since the epoch


def period_numbers(opened_at: IntVector, spec: RebalanceSpec) -> IntVector:
    """The day, week or month that each bar opens in by the clock of `spec.zone`, int64[n], counted from 1970."""
    if spec.zone != "UTC":
        local = pd.DatetimeIndex(opened_at.view("datetime64[ns]"), tz="UTC").tz_convert(spec.zone).tz_localize(None)
        opened_at = local.as_unit("ns").asi8
    days = opened_at // _DAY_NS
    if spec.when == "weekly":
        return np.asarray((days - _FIRST_MONDAY) // 7)
    if spec.when == "monthly":
        return days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(days)


def due_bars(opened_at: IntVector, spec: RebalanceSpec, first: int, bars: int, *, same_close: bool) -> BoolVector:
    """True where the calendar asks for a rebalance at the close, for bars first, first + 1, ..., bool[bars].

    `opened_at` int64[n] are all open times. An order decided at the close before a new period's first bar is filled in
    that bar: when that bar opens is all that is used of it. With `same_close` the decision is at the first bar's own
    close instead, the fill being there too.
    """
    if spec.when == "every_n_bars":
        assert spec.every_bars is not None
        return np.asarray(np.arange(first, first + bars) % spec.every_bars == 0)
    due = np.zeros(bars, dtype=np.bool_)
    if spec.when not in ("daily", "weekly", "monthly"):
        return due
    low, high = (max(first - 1, 0), first + bars) if same_close else (first, first + bars + 1)
    starts = np.diff(period_numbers(opened_at[low:high], spec)) != 0
    at = 1 if same_close and first == 0 else 0
    due[at : at + starts.size] = starts
    return due
