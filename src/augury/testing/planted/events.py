"""Events stamped before they could be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import signal

from augury.arrays import FloatVector, IntVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]


def _pivot(bars: pd.DataFrame) -> pd.Series[Any]:
    """1 where the high two bars ago tops the two bars on either side: confirmed now."""
    high = bars["high"]
    return (high.shift(2) == high.rolling(5).max()).astype("float64")


def _gap_up(bars: pd.DataFrame) -> pd.Series[Any]:
    """1 where the low lies above the high two bars before: a three-bar gap, complete now."""
    return (bars["low"] > bars["high"].shift(2)).astype("float64")


def _order_block(bars: pd.DataFrame) -> pd.Series[Any]:
    """1 where a falling bar was followed by three rising ones, the last of them this one."""
    rising = bars["close"] > bars["open"]
    return (~rising.shift(3, fill_value=True) & rising.astype("float64").rolling(3).sum().eq(3.0)).astype("float64")


def _settled_trade(bars: pd.DataFrame, horizon: int = 8) -> pd.Series[Any]:
    """Whether a purchase `horizon` bars ago gained."""
    return (bars["close"] > bars["close"].shift(horizon)).astype("float64").where(bars["close"].shift(horizon).notna())


def _jumps(bars: pd.DataFrame) -> IntVector:
    size = bars["close"].pct_change().abs()
    return np.flatnonzero((size > 2.0 * size.rolling(40).mean().shift(1)).to_numpy())


def _bars_since(bars: pd.DataFrame) -> FloatVector:
    at, jumps = np.arange(len(bars)), _jumps(bars)
    place = np.searchsorted(jumps, at, side="right") - 1
    return np.where(place >= 0, at - np.append(jumps, 0)[np.maximum(place, 0)], np.nan)


def _bars_until(bars: pd.DataFrame) -> FloatVector:
    at, jumps = np.arange(len(bars)), _jumps(bars)
    place = np.searchsorted(jumps, at, side="left")
    return np.where(place < jumps.size, np.append(jumps, 0)[place] - at, np.nan)


def _peaks(bars: pd.DataFrame) -> FloatVector:
    flags = np.zeros(len(bars))
    flags[signal.find_peaks(bars["close"].to_numpy(), prominence=float(bars["close"].iloc[0]) * 0.01)[0]] = 1.0
    return flags


TWINS = (
    Twins(
        name="pivot_at_its_own_bar",
        mistake="a swing high stamped at the pivot instead of at its confirmation",
        leaky=lambda bars: _pivot(bars).shift(-2),
        clean=_pivot,
        lag_bars=2,
    ),
    Twins(
        name="gap_at_its_middle_bar",
        mistake="a fair value gap stamped at its middle bar",
        leaky=lambda bars: _gap_up(bars).shift(-1),
        clean=_gap_up,
        lag_bars=1,
    ),
    Twins(
        name="order_block_at_its_candle",
        mistake="an order block stamped at the candle that the next three bars make one",
        leaky=lambda bars: _order_block(bars).shift(-3),
        clean=_order_block,
        lag_bars=3,
    ),
    Twins(
        name="outcome_as_input",
        mistake="the result of a trade stamped at its entry",
        leaky=lambda bars: _settled_trade(bars).shift(-8),
        clean=_settled_trade,
        lag_bars=8,
    ),
    Twins(
        name="volatility_to_come",
        mistake="the volatility of the next ten bars used as a filter",
        leaky=lambda bars: bars["close"].pct_change().rolling(10).std().shift(-10),
        clean=lambda bars: bars["close"].pct_change().rolling(10).std(),
        lag_bars=10,
    ),
    Twins(
        name="drawdown_from_final_peak",
        mistake="drawdown measured from the peak of the whole sample",
        leaky=lambda bars: bars["close"] / bars["close"].max() - 1.0,
        clean=lambda bars: bars["close"] / bars["close"].cummax() - 1.0,
    ),
    Twins(
        name="bars_until_next_jump",
        mistake="distance to the next event instead of from the last",
        leaky=_bars_until,
        clean=_bars_since,
    ),
    Twins(
        name="prominent_peaks",
        mistake="peaks whose prominence the rest of the series decides",
        leaky=_peaks,
        clean=lambda bars: (bars["close"] >= bars["close"].rolling(20).max()).astype("float64"),
    ),
    Twins(
        name="time_to_next_bar",
        mistake="the distance in time to the next bar",
        leaky=lambda bars: -bars.index.to_series().diff(-1).dt.total_seconds(),
        clean=lambda bars: bars.index.to_series().diff().dt.total_seconds(),
        lag_bars=1,
    ),
    Twins(
        name="sign_of_the_whole_move",
        mistake="a direction chosen by how the sample ended",
        leaky=lambda bars: bars["close"].pct_change() * np.sign(bars["close"].iloc[-1] - bars["close"].iloc[0]),
        clean=lambda bars: bars["close"].pct_change() * np.sign(bars["close"].shift(1) - bars["close"].iloc[0]),
    ),
)
