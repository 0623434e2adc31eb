"""Gaps filled from the right, and rows kept or dropped for reasons found later."""

from __future__ import annotations

from typing import Any

import pandas as pd

from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]


def _with_gaps(bars: pd.DataFrame) -> pd.Series[Any]:
    """Closes of rising bars only; the others are unknown."""
    return bars["close"].where(bars["close"] > bars["open"])


def _direction(bars: pd.DataFrame) -> pd.Series[Any]:
    return (bars["close"] > bars["open"]).astype("float64")


def _within(bars: pd.DataFrame, spread: pd.Series[Any] | float) -> pd.DataFrame:
    change = bars["close"].pct_change()
    return bars.loc[change.abs() < spread, ["close"]]


TWINS = (
    Twins(
        name="backward_fill",
        mistake="the warm-up filled backwards with the first value",
        leaky=lambda bars: bars["close"].rolling(20).mean().bfill(),
        clean=lambda bars: bars["close"].rolling(20).mean(),
    ),
    Twins(
        name="backward_fill_of_gaps",
        mistake="gaps filled with the next known value",
        leaky=lambda bars: _with_gaps(bars).bfill(),
        clean=lambda bars: _with_gaps(bars).ffill(),
    ),
    Twins(
        name="interpolation",
        mistake="gaps filled by a line to the next known value",
        leaky=lambda bars: _with_gaps(bars).interpolate(),
        clean=lambda bars: _with_gaps(bars).ffill(),
    ),
    Twins(
        name="filled_with_whole_mean",
        mistake="gaps filled with the mean of the whole sample",
        leaky=lambda bars: _with_gaps(bars).fillna(_with_gaps(bars).mean()),
        clean=lambda bars: _with_gaps(bars).fillna(_with_gaps(bars).expanding().mean()),
    ),
    Twins(
        name="outlier_rows_dropped",
        mistake="rows dropped because they are outliers of the whole sample",
        leaky=lambda bars: _within(bars, 1.5 * bars["close"].pct_change().std()),
        clean=lambda bars: _within(bars, 1.5 * bars["close"].pct_change().rolling(30).std().shift(1)),
    ),
    Twins(
        name="last_row_of_a_run",
        mistake="the last row of every run is kept, which only the next row reveals",
        leaky=lambda bars: bars.loc[_direction(bars) != _direction(bars).shift(-1), ["close"]],
        clean=lambda bars: bars.loc[_direction(bars) != _direction(bars).shift(1), ["close"]],
        lag_bars=1,
    ),
)
