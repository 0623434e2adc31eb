"""Strategies that know a bar, an exit or a longer bar before it is over."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_HOUR = pd.Timedelta(hours=1)


def _held(condition: Any) -> FloatVector:
    """1 where the condition holds, else 0, unknown included."""
    return np.asarray(condition, dtype=np.float64)


def _day(bars: pd.DataFrame) -> pd.Index[Any]:
    return pd.DatetimeIndex(bars.index).floor("1D")


def _at_close(bars: pd.DataFrame, table: pd.Series[Any]) -> Any:
    """The table's last value by each bar's close; its index says when values are known."""
    return table.reindex(pd.DatetimeIndex(bars.index) + _HOUR, method="ffill").to_numpy()


def _slow_trend(bars: pd.DataFrame, known_after: pd.Timedelta) -> FloatVector:
    slow = bars["close"].resample("4h").last().dropna()
    return _held(_at_close(bars, (slow.diff() > 0.0).astype("float64").set_axis(slow.index + known_after)) > 0.0)


def _daily_trend(bars: pd.DataFrame, lag_days: int) -> FloatVector:
    daily = bars["close"].groupby(_day(bars)).last()
    return _held((daily.diff() > 0.0).shift(lag_days, fill_value=False).reindex(_day(bars)))


def _compiled(bars: pd.DataFrame, name: str) -> FloatVector:
    """Positions from a kernel; its module is imported on first use, since it compiles."""
    kernels = importlib.import_module("augury.testing.planted.peeking_kernel")
    out = np.empty(len(bars))
    getattr(kernels, name)(bars["close"].to_numpy(dtype=np.float64, copy=True), out)
    return out


def _loop(bars: pd.DataFrame, ahead: int) -> FloatVector:
    """A loop over bars: in above the last high, out below the last low."""
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    out, held = np.zeros(len(bars)), 0.0
    for t in range(1, len(bars)):
        now = min(t + ahead, len(bars) - 1)
        if close[now] > high[t - 1]:
            held = 1.0
        elif close[now] < low[t - 1]:
            held = 0.0
        out[t] = held
    return out


def _swing_low(bars: pd.DataFrame) -> pd.Series[Any]:
    """True where the low two bars ago lies below its two neighbours on either side: confirmed now."""
    return bars["low"].shift(2) == bars["low"].rolling(5).min()


def _stopped(bars: pd.DataFrame, ahead: int) -> FloatVector:
    """Long above the mean, unless the low of a bar breaks a stop half a percent below the close."""
    close, low = bars["close"], bars["low"].shift(-ahead)
    return _held((close > close.rolling(10).mean()) & ~(low < close.shift(1) * 0.995))


def _winners(bars: pd.DataFrame, horizon: int, known: bool) -> FloatVector:
    """Entries after a rise; those that lost are taken out, at once or when the loss has happened."""
    close = bars["close"]
    entry = close > close.shift(3)
    lost = close < close.shift(horizon)
    return _held(entry & ~(lost if known else lost.shift(-horizon, fill_value=False)))


TWINS = (
    Twins(
        name="position_by_next_return",
        mistake="the position is the sign of the return it is meant to earn",
        leaky=lambda bars: _held(bars["close"].shift(-1) > bars["close"]),
        clean=lambda bars: _held(bars["close"] > bars["close"].shift(1)),
        lag_bars=1,
    ),
    Twins(
        name="position_lagged_the_wrong_way",
        mistake="positions shifted back instead of forward to stand for the delay of execution",
        leaky=lambda bars: pd.Series(_held(bars["close"] > bars["close"].rolling(5).mean())).shift(-1, fill_value=0.0),
        clean=lambda bars: pd.Series(_held(bars["close"] > bars["close"].rolling(5).mean())).shift(1, fill_value=0.0),
        lag_bars=1,
    ),
    Twins(
        name="position_by_misplaced_diff",
        mistake="numpy.diff is one shorter and was padded at its end instead of its beginning",
        leaky=lambda bars: _held(np.append(np.diff(bars["close"].to_numpy()), 0.0) > 0.0),
        clean=lambda bars: _held(np.append(0.0, np.diff(bars["close"].to_numpy())) > 0.0),
        lag_bars=1,
    ),
    Twins(
        name="position_by_compiled_peek",
        mistake="an index one too far inside a compiled loop",
        leaky=lambda bars: _compiled(bars, "rising_by_next_close"),
        clean=lambda bars: _compiled(bars, "rising_by_this_close"),
        lag_bars=1,
    ),
    Twins(
        name="position_by_loop_one_ahead",
        mistake="a loop over bars that decides with the next close and remembers its position",
        leaky=lambda bars: _loop(bars, 1),
        clean=lambda bars: _loop(bars, 0),
        lag_bars=1,
    ),
    Twins(
        name="stop_decided_with_next_low",
        mistake="a position is left before the bar whose low would have hit the stop",
        leaky=lambda bars: _stopped(bars, 1),
        clean=lambda bars: _stopped(bars, 0),
        lag_bars=1,
    ),
    Twins(
        name="filled_at_the_open_of_its_signal",
        mistake="the gap of the coming open decides the position that is bought at it",
        leaky=lambda bars: _held(bars["open"].shift(-1) > bars["close"]),
        clean=lambda bars: _held(bars["open"] > bars["close"].shift(1)),
        lag_bars=1,
    ),
    Twins(
        name="position_by_centred_mean",
        mistake="a price above a moving average that is centred on its bar",
        leaky=lambda bars: _held(bars["close"] > bars["close"].rolling(5, center=True).mean()),
        clean=lambda bars: _held(bars["close"] > bars["close"].rolling(5).mean()),
        lag_bars=2,
    ),
    Twins(
        name="bought_at_the_swing_low",
        mistake="bought at a swing low that two later bars confirm",
        leaky=lambda bars: _held(_swing_low(bars).shift(-2, fill_value=False)),
        clean=lambda bars: _held(_swing_low(bars)),
        lag_bars=2,
    ),
    Twins(
        name="sold_at_the_top_to_come",
        mistake="held until the highest close of the next ten bars is reached",
        leaky=lambda bars: _held(bars["close"] < bars["close"][::-1].rolling(10, min_periods=1).max()[::-1]),
        clean=lambda bars: _held(bars["close"] < bars["close"].rolling(10, min_periods=1).max()),
        lag_bars=9,
    ),
    Twins(
        name="losing_entries_left_out",
        mistake="entries that lost over the next eight bars are dropped from the list",
        leaky=lambda bars: _winners(bars, 8, known=False),
        clean=lambda bars: _winners(bars, 8, known=True),
        lag_bars=8,
    ),
    Twins(
        name="position_by_unfinished_four_hours",
        mistake="the trend of four-hour bars labelled by their start, read from their start on",
        leaky=lambda bars: _slow_trend(bars, pd.Timedelta(0)),
        clean=lambda bars: _slow_trend(bars, pd.Timedelta(hours=4)),
        lag_bars=4,
    ),
    Twins(
        name="position_by_close_of_the_day",
        mistake="hourly bars traded by the trend of the daily bar they are part of",
        leaky=lambda bars: _daily_trend(bars, 0),
        clean=lambda bars: _daily_trend(bars, 1),
        lag_bars=23,
    ),
    Twins(
        name="bought_in_the_low_of_the_day",
        mistake="bought in the lowest tenth of a day's range before the day is over",
        leaky=lambda bars: _held(
            bars["close"]
            < 0.9 * bars["low"].groupby(_day(bars)).transform("min")
            + 0.1 * bars["high"].groupby(_day(bars)).transform("max")
        ),
        clean=lambda bars: _held(
            bars["close"]
            < 0.9 * bars["low"].groupby(_day(bars)).cummin() + 0.1 * bars["high"].groupby(_day(bars)).cummax()
        ),
        lag_bars=23,
    ),
)
