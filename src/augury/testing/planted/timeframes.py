"""Higher timeframes and joins whose labels say less than their contents know."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_SLOW = pd.Timedelta(hours=4)


def _day(bars: pd.DataFrame) -> pd.Index[Any]:
    return pd.DatetimeIndex(bars.index).floor("1D")


def _close_times(bars: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(bars.index) + pd.Timedelta(hours=1)


def _joined(bars: pd.DataFrame, table: pd.Series[Any], direction: Literal["backward", "forward", "nearest"]) -> Any:
    """The table's value at each bar's close; its index says when a value is known."""
    at = pd.DataFrame({"at": _close_times(bars)})
    other = pd.DataFrame({"at": pd.DatetimeIndex(table.index), "value": table.to_numpy()})
    return pd.merge_asof(at, other, on="at", direction=direction)["value"].to_numpy()


def _slow_close(bars: pd.DataFrame, known_after: pd.Timedelta) -> Any:
    slow = bars["close"].resample(_SLOW).last()
    slow.index = slow.index + known_after
    return _joined(bars, slow, "backward")


def _every_seventh(bars: pd.DataFrame) -> pd.Series[Any]:
    table = bars["close"].iloc[6::7]
    return table.set_axis(_close_times(bars)[6::7])


def _yesterday(bars: pd.DataFrame) -> Any:
    daily = bars["close"].resample("1D").last().shift(1)
    return daily.reindex(_day(bars)).to_numpy()


TWINS = (
    Twins(
        name="resample_label_left",
        mistake="a four-hour bar labelled by its start is read from its start on",
        leaky=lambda bars: _slow_close(bars, pd.Timedelta(0)),
        clean=lambda bars: _slow_close(bars, _SLOW),
        lag_bars=4,
    ),
    Twins(
        name="forming_bar_taken_for_closed",
        mistake="the high of a four-hour bar given to every hour inside it",
        leaky=lambda bars: bars["high"].groupby(pd.DatetimeIndex(bars.index).floor(_SLOW)).transform("max"),
        clean=lambda bars: bars["high"].groupby(pd.DatetimeIndex(bars.index).floor(_SLOW)).cummax(),
        lag_bars=3,
    ),
    Twins(
        name="join_forward",
        mistake="an as-of join in the forward direction",
        leaky=lambda bars: _joined(bars, _every_seventh(bars), "forward"),
        clean=lambda bars: _joined(bars, _every_seventh(bars), "backward"),
        lag_bars=6,
    ),
    Twins(
        name="join_nearest",
        mistake="an as-of join to the nearest record, which may be later",
        leaky=lambda bars: _joined(bars, _every_seventh(bars), "nearest"),
        clean=lambda bars: _joined(bars, _every_seventh(bars), "backward"),
        lag_bars=6,
    ),
    Twins(
        name="mean_of_the_day",
        mistake="the mean of a day given to every bar of that day",
        leaky=lambda bars: bars["close"].groupby(_day(bars)).transform("mean"),
        clean=lambda bars: bars["close"].groupby(_day(bars)).cumsum() / (bars.groupby(_day(bars)).cumcount() + 1),
        lag_bars=23,
    ),
    Twins(
        name="close_of_the_day",
        mistake="daily closes joined to the bars of the same date",
        leaky=lambda bars: bars["close"].resample("1D").last().reindex(_day(bars)).to_numpy(),
        clean=_yesterday,
        lag_bars=23,
    ),
    Twins(
        name="volume_share_of_the_day",
        mistake="the share of a day's volume before the day is over",
        leaky=lambda bars: bars["volume"] / bars["volume"].groupby(_day(bars)).transform("sum"),
        clean=lambda bars: bars["volume"] / bars["volume"].groupby(_day(bars)).cumsum(),
        lag_bars=23,
    ),
    Twins(
        name="bars_left_in_the_day",
        mistake="a count of the bars still to come, which a halt or early close would change",
        leaky=lambda bars: bars["close"].groupby(_day(bars)).cumcount(ascending=False).astype("float64"),
        clean=lambda bars: bars["close"].groupby(_day(bars)).cumcount().astype("float64"),
    ),
)
