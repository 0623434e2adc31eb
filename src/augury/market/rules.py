"""The rules that bars keep, each a name and a test over arrays; `validate_bars` and `quality_report` share them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, IntVector

__all__ = ["BAR_RULES", "NO_TIME", "bars_keep_rules", "distinct_times", "rows_not_after_previous", "times_increase"]

NO_TIME: Final[int] = int(np.iinfo(np.int64).min)
"""The int64 that stands for a missing time (pandas NaT)."""


def _not_finite(bars: FloatMatrix) -> BoolVector:
    return np.asarray(~np.isfinite(bars).all(axis=0))


def _not_positive(bars: FloatMatrix) -> BoolVector:
    return np.asarray((bars[:4] <= 0.0).any(axis=0))


def _high_too_low(bars: FloatMatrix) -> BoolVector:
    return np.asarray(bars[1] < np.maximum(bars[0], bars[3]))


def _low_too_high(bars: FloatMatrix) -> BoolVector:
    return np.asarray(bars[2] > np.minimum(bars[0], bars[3]))


def _high_below_low(bars: FloatMatrix) -> BoolVector:
    return np.asarray(bars[1] < bars[2])


def _negative_volume(bars: FloatMatrix) -> BoolVector:
    return np.asarray(bars[4] < 0.0)


BAR_RULES: Final[dict[str, tuple[str, Callable[[FloatMatrix], BoolVector]]]] = {
    "not_finite": ("open, high, low, close and volume are finite numbers (no NaN, no infinity)", _not_finite),
    "non_positive_price": ("prices are above 0", _not_positive),
    "high_below_low": ("high is at least low", _high_below_low),
    "inconsistent_high": ("high is at least max(open, close)", _high_too_low),
    "inconsistent_low": ("low is at most min(open, close)", _low_too_high),
    "negative_volume": ("volume is at least 0", _negative_volume),
}
"""Rule name -> what must hold, and a function from float64[5, n] to bool[n] that is True where it is broken."""


def bars_keep_rules(bars: FloatMatrix) -> bool:
    """True when every column of float64[5, n] keeps every rule of BAR_RULES; one short pass, for the usual case."""
    opens, highs, lows, closes, volumes = bars
    return bool(
        (lows > 0.0).all()
        and (lows <= opens).all()
        and (lows <= closes).all()
        and (highs >= opens).all()
        and (highs >= closes).all()
        and (highs < np.inf).all()
        and (volumes >= 0.0).all()
        and (volumes < np.inf).all()
    )


def times_increase(opened_at: IntVector) -> bool:
    """True when int64[n] is strictly increasing and holds no missing time."""
    return bool((opened_at[1:] > opened_at[:-1]).all()) and (len(opened_at) == 0 or int(opened_at[0]) != NO_TIME)


def distinct_times(times: IntVector) -> IntVector:
    """The different times of int64[n] in increasing order, missing ones left out."""
    if times_increase(times):
        return times
    ordered = np.sort(times[times != NO_TIME])  # faster here than np.unique, which hashes
    return np.asarray(ordered[np.flatnonzero(np.diff(ordered, prepend=NO_TIME))])


def rows_not_after_previous(opened_at: IntVector) -> BoolVector:
    """True at rows whose time is not later than that of the row before."""
    broken = np.zeros(len(opened_at), dtype=np.bool_)
    broken[1:] = opened_at[1:] <= opened_at[:-1]
    return broken
