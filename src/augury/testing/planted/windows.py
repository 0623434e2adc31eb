"""Windows that reach to the right of the bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_KERNEL = np.ones(5) / 5.0


def _one_column_of_five(bars: pd.DataFrame, shift: int) -> pd.DataFrame:
    close = bars["close"]
    return pd.DataFrame(
        {
            "mean": close.rolling(10).mean(),
            "range": bars["high"] - bars["low"],
            "gap": bars["open"] - close.shift(1),
            "reach": bars["high"].shift(shift) / close,
            "effort": bars["volume"] / bars["volume"].rolling(20).mean(),
        }
    )


def _both_ways(close: pd.Series[Any]) -> pd.Series[Any]:
    return (close.ewm(span=9).mean() + close[::-1].ewm(span=9).mean()[::-1]) / 2.0


def _volume_only(bars: pd.DataFrame, shift: int) -> pd.Series[Any]:
    return bars["close"].pct_change() * (bars["volume"].shift(shift) > bars["volume"])


TWINS = (
    Twins(
        name="next_close",
        mistake="shift(-1) where shift(1) was meant",
        leaky=lambda bars: bars["close"].shift(-1),
        clean=lambda bars: bars["close"].shift(1),
        lag_bars=1,
    ),
    Twins(
        name="next_return",
        mistake="the return that is to be predicted is left among the inputs",
        leaky=lambda bars: bars["close"].pct_change().shift(-1),
        clean=lambda bars: bars["close"].pct_change(),
        lag_bars=1,
    ),
    Twins(
        name="negative_diff",
        mistake="diff(-1) takes the difference to the next bar",
        leaky=lambda bars: bars["close"].diff(-1),
        clean=lambda bars: bars["close"].diff(1),
        lag_bars=1,
    ),
    Twins(
        name="centred_mean",
        mistake="a moving average centred on its bar",
        leaky=lambda bars: bars["close"].rolling(5, center=True).mean(),
        clean=lambda bars: bars["close"].rolling(5).mean(),
        lag_bars=2,
    ),
    Twins(
        name="centred_median",
        mistake="a median filter centred on its bar",
        leaky=lambda bars: bars["close"].rolling(11, center=True, min_periods=1).median(),
        clean=lambda bars: bars["close"].rolling(11, min_periods=1).median(),
        lag_bars=5,
    ),
    Twins(
        name="forward_maximum",
        mistake="a rolling maximum over the reversed series",
        leaky=lambda bars: bars["high"][::-1].rolling(10).max()[::-1],
        clean=lambda bars: bars["high"].rolling(10).max(),
        lag_bars=9,
    ),
    Twins(
        name="reversed_cumulative_sum",
        mistake="a cumulative sum from the end of the series",
        leaky=lambda bars: bars["volume"][::-1].cumsum()[::-1],
        clean=lambda bars: bars["volume"].cumsum(),
    ),
    Twins(
        name="centred_gradient",
        mistake="numpy.gradient uses the bar before and the bar after",
        leaky=lambda bars: np.gradient(bars["close"].to_numpy()),
        clean=lambda bars: bars["close"].diff(),
        lag_bars=1,
    ),
    Twins(
        name="roll_wraps_around",
        mistake="numpy.roll brings the last value to the front",
        leaky=lambda bars: np.roll(bars["close"].to_numpy(), 1),
        clean=lambda bars: bars["close"].shift(1),
    ),
    Twins(
        name="convolution_same",
        mistake="numpy.convolve in mode same centres its kernel",
        leaky=lambda bars: np.convolve(bars["close"].to_numpy(), _KERNEL, mode="same"),
        clean=lambda bars: np.convolve(bars["close"].to_numpy(), _KERNEL)[: len(bars)],
        lag_bars=2,
    ),
    Twins(
        name="one_column_of_five",
        mistake="one of several columns is one bar early",
        leaky=lambda bars: _one_column_of_five(bars, -1),
        clean=lambda bars: _one_column_of_five(bars, 1),
        lag_bars=1,
    ),
    Twins(
        name="next_volume_only",
        mistake="only the volume of the next bar is peeked at, and only compared",
        leaky=lambda bars: _volume_only(bars, -1),
        clean=lambda bars: _volume_only(bars, 1),
        lag_bars=1,
    ),
    Twins(
        name="average_both_ways",
        mistake="an exponential average run forwards and backwards",
        leaky=lambda bars: _both_ways(bars["close"]),
        clean=lambda bars: bars["close"].ewm(span=9).mean(),
    ),
)
