"""Series that a report derives from an equity curve: returns, drawdown, calendar periods, rolling Sharpe ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import FloatVector, IntVector
from augury.report.story import Story

__all__ = [
    "Periods",
    "Rolling",
    "bars_per_year",
    "drawdown_curve",
    "period_returns",
    "rolling_sharpe",
    "session_times",
    "simple_returns",
]

_DAY_NS = 86_400 * 10**9
_YEAR_NS = 365.25 * _DAY_NS
_FEWEST = 20
"""A rolling window below so many bars says nothing."""


def simple_returns(equity: FloatVector, initial_cash: float) -> FloatVector:
    """Bar returns float64[n], the first from the initial cash; NaN after what is not positive, and beside NaN."""
    before = np.concatenate(([initial_cash], equity[:-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, equity / before - 1.0, np.nan)


def drawdown_curve(equity: FloatVector, initial_cash: float) -> FloatVector:
    """Value over the highest value so far minus 1, float64[n] <= 0, the initial cash included; NaN where equity is."""
    peak = np.fmax.accumulate(np.concatenate(([initial_cash], equity)))[1:]
    return equity / peak - 1.0


def session_times(story: Story) -> IntVector:
    """Times that name the period a bar belongs to, int64[n]: a close at midnight belongs to the day that just ended.

    A story whose times are the opens of its own bars is named by them as they are.
    """
    times = story.times
    at_midnight = bool(np.all(times % _DAY_NS == 0))
    opens = story.bars is not None and np.array_equal(story.bars.opened_at, times)
    return times - 1 if at_midnight and not opens else times


def bars_per_year(story: Story) -> float:
    """The story's own number, else counted from the calendar; NaN for fewer than two bars."""
    if story.bars_per_year is not None:
        return story.bars_per_year
    if len(story) < 2:
        return float("nan")
    return float((len(story) - 1) / ((story.times[-1] - story.times[0]) / _YEAR_NS))


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Returns by calendar period, UTC: `starts` datetime64[D, M or Y], `returns` float64, NaN where undefined."""

    starts: np.ndarray
    returns: FloatVector


def period_returns(story: Story, unit: str) -> Periods:
    """The return of each day ("D"), month ("M") or year ("Y") that has a bar; the first and last may be partial."""
    starts = session_times(story).view("datetime64[ns]").astype(f"datetime64[{unit}]")
    last = np.append(np.flatnonzero(starts[1:] != starts[:-1]), len(starts) - 1)
    return Periods(starts[last], simple_returns(story.equity[last], story.initial_cash))


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """The annualised Sharpe ratio over the last `window_bars` returns, float64[n], and its standard error."""

    window_bars: int
    sharpe: FloatVector
    standard_error: FloatVector


def rolling_sharpe(story: Story) -> Rolling | None:
    """Half a year at a time, at most a quarter of the history; None when that leaves less than a month or 20 bars.

    The standard error is that of independent normal returns, sqrt((1 + S^2 / 2) / (w - 1)) per bar (Lo 2002, eq. 9),
    annualised like the ratio. NaN until the window is full, and where the returns do not vary.
    """
    per_year = bars_per_year(story)
    if not np.isfinite(per_year) or per_year <= 0:
        return None
    window = int(min(max(round(per_year / 2), _FEWEST), len(story) // 4))
    if window < max(_FEWEST, per_year / 12):
        return None
    rolling = pd.Series(simple_returns(story.equity, story.initial_cash)).rolling(window)
    mean, deviation = rolling.mean().to_numpy(), rolling.std().to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(deviation > 1e-12, mean / deviation, np.nan)
    error = np.sqrt((1.0 + ratio**2 / 2.0) / (window - 1))
    return Rolling(window, ratio * np.sqrt(per_year), error * np.sqrt(per_year))
