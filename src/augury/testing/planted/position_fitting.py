"""Strategies whose constants, models or sizes were taken from the whole sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import signal

from augury.arrays import BoolVector, FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_FIT = 100  # bars a clean twin fits on; it holds nothing before they are over
_DAYS = (2, 5, 10, 20, 40)


def _held(condition: Any) -> FloatVector:
    """1 where the condition holds, else 0, unknown included."""
    return np.asarray(condition, dtype=np.float64)


def _returns(bars: pd.DataFrame) -> pd.Series[Any]:
    return bars["close"].pct_change()


def _gaps(bars: pd.DataFrame) -> pd.Series[Any]:
    """A trend that is told by rising bars only; the others say nothing."""
    close = bars["close"]
    return (close - close.shift(10)).where(close > bars["open"])


def _regression(bars: pd.DataFrame, rows: BoolVector) -> FloatVector:
    """The sign of the next return, predicted from this one and the volume by least squares on some rows."""
    now = _returns(bars).to_numpy()
    effort = np.log(bars["volume"].to_numpy() + 1.0)
    following = np.append(now[1:], np.nan)
    usable = rows & np.isfinite(now) & np.isfinite(following)
    x = np.column_stack([now, effort])[usable]
    centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-12
    weights = (((x - centre) / spread) * (following[usable] - following[usable].mean())[:, None]).mean(axis=0)
    predicted = ((np.column_stack([now, effort]) - centre) / spread * weights).sum(axis=1)
    return np.where(np.isfinite(predicted), np.sign(predicted), 0.0)


def _on_rows(bars: pd.DataFrame, which: str) -> FloatVector:
    """Trained on all rows, on a random half of them, or on the first ones and used after them."""
    rows = np.arange(len(bars))
    if which == "all":
        return _regression(bars, rows >= 0)
    if which == "random":
        return _regression(bars, np.random.default_rng(0).random(len(bars)) < 0.5)
    out = _regression(bars, rows < _FIT - 1)
    out[:_FIT] = 0.0
    return out


def _best_look_back(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """Momentum with the look-back that earned most on the first `rows` bars."""
    close, following = bars["close"], _returns(bars).shift(-1)
    signals = {days: _held(close > close.shift(days)) for days in _DAYS}
    earned = {days: float(np.nansum((signals[days] * following.to_numpy())[: rows and rows - 1])) for days in _DAYS}
    best = max(_DAYS, key=lambda days: earned[days])
    out = signals[best] * (best / max(_DAYS))
    out[: rows or 0] = 0.0
    return out


def _sized(bars: pd.DataFrame, volatility: Any) -> FloatVector:
    """Trend following at a size that aims at one volatility, at most 1."""
    size = np.minimum(0.005 / volatility, 1.0)
    trend = _held(bars["close"] > bars["close"].shift(10))
    return np.nan_to_num(np.asarray(trend * size, dtype=np.float64))


def _kelly(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """A constant size from mean and variance of the first `rows` returns; nothing before they are over."""
    sample = _returns(bars).to_numpy()[1:rows]
    size = float(np.clip(sample.mean() / max(float(sample.var()), 1e-300) / 100.0, -1.0, 1.0))
    out = np.full(len(bars), size)
    out[: rows or 0] = 0.0
    return out


def _smooth(bars: pd.DataFrame, both_ways: bool) -> FloatVector:
    """Long while a low-pass filtered price rises."""
    b, a = signal.butter(2, 0.1)
    prices = np.log(bars["close"].to_numpy())
    smooth = signal.filtfilt(b, a, prices) if both_ways else signal.lfilter(b, a, prices - prices[0])
    return _held(np.append(0.0, np.diff(smooth)) > 0.0)


def _regime(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """Long in the calm one of two regimes, their centres found by two means on the first `rows` bars."""
    size = np.log(_returns(bars).abs().rolling(5).mean().to_numpy() + 1e-9)
    sample = size[:rows][np.isfinite(size[:rows])]
    low, high = float(sample.min()), float(sample.max())
    for _ in range(5):
        near = np.abs(sample - low) < np.abs(sample - high)
        low, high = float(sample[near].mean()), float(sample[~near].mean())
    out = _held(np.abs(size - low) < np.abs(size - high))
    out[: rows or 0] = 0.0
    return out


TWINS = (
    Twins(
        name="reversal_on_whole_z_score",
        mistake="bought one deviation below the mean of the whole sample",
        leaky=lambda bars: _held(bars["close"] < bars["close"].mean() - bars["close"].std()),
        clean=lambda bars: _held(
            bars["close"] < bars["close"].rolling(60).mean() - 0.5 * bars["close"].rolling(60).std()
        ),
    ),
    Twins(
        name="reversal_on_whole_min_max",
        mistake="prices scaled to the range of the whole sample before a threshold",
        leaky=lambda bars: _held(
            (bars["close"] - bars["close"].min()) < 0.4 * (bars["close"].max() - bars["close"].min())
        ),
        clean=lambda bars: _held(
            (bars["close"] - bars["close"].cummin()) < 0.4 * (bars["close"].cummax() - bars["close"].cummin())
        ),
    ),
    Twins(
        name="threshold_at_whole_quantile",
        mistake="large returns are told by a quantile of the whole sample",
        leaky=lambda bars: _held(_returns(bars) > _returns(bars).quantile(0.7)),
        clean=lambda bars: _held(_returns(bars) > _returns(bars).rolling(60).quantile(0.7).shift(1)),
    ),
    Twins(
        name="signal_filled_backwards",
        mistake="bars without a signal take the next one",
        leaky=lambda bars: _held(_gaps(bars).bfill() > 0.0),
        clean=lambda bars: _held(_gaps(bars).ffill() > 0.0),
    ),
    Twins(
        name="regression_trained_on_everything",
        mistake="a linear regression trained on the bars that it trades",
        leaky=lambda bars: _on_rows(bars, "all"),
        clean=lambda bars: _on_rows(bars, "first"),
    ),
    Twins(
        name="regression_trained_on_random_rows",
        mistake="training and test rows drawn at random from the same bars",
        leaky=lambda bars: _on_rows(bars, "random"),
        clean=lambda bars: _on_rows(bars, "first"),
    ),
    Twins(
        name="parameter_tuned_on_everything",
        mistake="the look-back that earned most on the whole sample is traded on it",
        leaky=lambda bars: _best_look_back(bars, None),
        clean=lambda bars: _best_look_back(bars, _FIT),
    ),
    Twins(
        name="size_from_whole_volatility",
        mistake="positions sized by the volatility of the whole sample",
        leaky=lambda bars: _sized(bars, float(_returns(bars).std())),
        clean=lambda bars: _sized(bars, _returns(bars).rolling(20).std()),
    ),
    Twins(
        name="size_from_whole_kelly",
        mistake="the Kelly fraction of the returns that the position will earn",
        leaky=lambda bars: _kelly(bars, None),
        clean=lambda bars: _kelly(bars, _FIT),
    ),
    Twins(
        name="trend_smoothed_both_ways",
        mistake="a zero-phase filter, which runs over the series in both directions",
        leaky=lambda bars: _smooth(bars, both_ways=True),
        clean=lambda bars: _smooth(bars, both_ways=False),
    ),
    Twins(
        name="regime_found_on_everything",
        mistake="market regimes clustered on the whole sample",
        leaky=lambda bars: _regime(bars, None),
        clean=lambda bars: _regime(bars, _FIT),
    ),
    Twins(
        name="distance_from_whole_trend",
        mistake="bought below a line fitted through the whole series",
        leaky=lambda bars: _held(signal.detrend(np.log(bars["close"].to_numpy())) < 0.0),
        clean=lambda bars: _held(bars["close"] < bars["close"].rolling(60).mean()),
    ),
    Twins(
        name="level_of_back_adjusted_prices",
        mistake="a price level tested on prices divided by the last one, as back-adjusted series are",
        leaky=lambda bars: _held(bars["close"] / bars["close"].iloc[-1] > 1.0),
        clean=lambda bars: _held(bars["close"] / bars["close"].iloc[0] > 1.0),
    ),
)
