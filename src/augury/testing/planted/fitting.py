"""Models, choices and encodings fitted on bars that come after their use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_FIT = 100


def _returns(bars: pd.DataFrame) -> pd.Series[Any]:
    return bars["close"].pct_change()


def _slope(x: FloatVector, y: FloatVector) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    a, b = x[known], y[known]
    return float(((a - a.mean()) * (b - b.mean())).sum() / max(((a - a.mean()) ** 2).sum(), 1e-300))


def _forecast(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """The next return from this one, the slope fitted on the first `rows` pairs."""
    now = _returns(bars).to_numpy()
    following = np.append(now[1:], np.nan)
    stop = None if rows is None else rows - 1
    out = now * _slope(now[:stop], following[:stop])
    out[: rows or 0] = np.nan
    return out


def _best_lag(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """The past return that went best with the next one, chosen on the first `rows` bars."""
    now = _returns(bars).to_numpy()
    slopes = [abs(_slope(now[:rows][:-lag], now[:rows][lag:])) for lag in range(1, 6)]
    chosen = 1 + int(np.argmax(slopes))
    out = np.append(np.full(chosen - 1, np.nan), now[: len(now) - chosen + 1]) * max(slopes)
    out[: rows or 0] = np.nan
    return out


def _hours(bars: pd.DataFrame) -> Any:
    return pd.DatetimeIndex(bars.index).hour


def _encoded_so_far(bars: pd.DataFrame) -> pd.Series[Any]:
    returns = _returns(bars).fillna(0.0)
    grouped = returns.groupby(_hours(bars))
    return (grouped.cumsum() - returns) / grouped.cumcount().astype("float64").replace(0.0, np.nan)


def _threshold(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """Long above the threshold of a grid that earned most on the first `rows` bars."""
    now = _returns(bars).to_numpy()
    sample = now[:rows]
    gains = {cut: float(np.nansum(np.where(sample[:-1] > cut, sample[1:], 0.0))) for cut in (-0.01, 0.0, 0.005, 0.01)}
    best = max(gains, key=lambda cut: gains[cut])
    out = np.where(now > best, max(gains.values()), 0.0)
    out[: rows or 1] = np.nan
    return out


TWINS = (
    Twins(
        name="forecast_fitted_on_everything",
        mistake="a regression fitted on the whole sample predicts inside it",
        leaky=lambda bars: _forecast(bars, None),
        clean=lambda bars: _forecast(bars, _FIT),
    ),
    Twins(
        name="input_selected_on_everything",
        mistake="the best of several inputs chosen on the whole sample",
        leaky=lambda bars: _best_lag(bars, None),
        clean=lambda bars: _best_lag(bars, _FIT),
    ),
    Twins(
        name="target_encoding",
        mistake="categories replaced by their mean outcome over the whole sample",
        leaky=lambda bars: _returns(bars).groupby(_hours(bars)).transform("mean"),
        clean=_encoded_so_far,
    ),
    Twins(
        name="threshold_tuned_on_everything",
        mistake="a threshold tuned on the bars that it then trades",
        leaky=lambda bars: _threshold(bars, None),
        clean=lambda bars: _threshold(bars, _FIT),
    ),
)
