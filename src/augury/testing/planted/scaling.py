"""Constants taken from the whole sample: means, extremes, quantiles, ranks, directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import signal

from augury.arrays import FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_FIT = 60  # bars a clean twin fits on, giving nothing before them


def _returns(bars: pd.DataFrame) -> pd.Series[Any]:
    return pd.Series(np.log(bars["close"].to_numpy(dtype=np.float64)), index=bars.index).diff()


def _intensity(bars: pd.DataFrame) -> pd.Series[Any]:
    """An excitation that jumps with large moves and fades."""
    size = _returns(bars).abs()
    jumps = (size > 2.0 * size.rolling(40).mean().shift(1)).astype("float64")
    return 0.02 + 0.4 * jumps.ewm(alpha=0.3, adjust=False).mean()


def _component(bars: pd.DataFrame, rows: int | None) -> FloatVector:
    """Scores on the first principal direction of the columns' log changes, the direction fitted on `rows` rows."""
    changes = np.log(bars.to_numpy().clip(1e-300)[1:] / bars.to_numpy().clip(1e-300)[:-1])
    fitted = changes[:rows]
    centre = fitted.mean(axis=0)
    direction = np.linalg.svd(fitted - centre, full_matrices=False)[2][0]
    scores = ((changes - centre) * (direction * np.sign(direction[0]))).sum(axis=1)
    out = np.full(len(bars), np.nan)
    start = 0 if rows is None else rows
    out[1 + start :] = scores[start:]
    return out


def _quintile(values: pd.Series[Any], sample: pd.Series[Any]) -> pd.Series[Any]:
    edges = np.quantile(sample.dropna(), (0.2, 0.4, 0.6, 0.8))
    return pd.Series(np.searchsorted(edges, values.to_numpy()), index=values.index).astype("float64")


TWINS = (
    Twins(
        name="whole_sample_z_score",
        mistake="mean and deviation of the whole sample",
        leaky=lambda bars: (bars["close"] - bars["close"].mean()) / bars["close"].std(),
        clean=lambda bars: (bars["close"] - bars["close"].expanding().mean()) / bars["close"].expanding(2).std(),
    ),
    Twins(
        name="whole_sample_min_max",
        mistake="scaled to the range of the whole sample",
        leaky=lambda bars: (bars["close"] - bars["low"].min()) / (bars["high"].max() - bars["low"].min()),
        clean=lambda bars: (bars["close"] - bars["low"].cummin()) / (bars["high"].cummax() - bars["low"].cummin()),
    ),
    Twins(
        name="whole_sample_quantile",
        mistake="a volume spike is judged by a quantile of the whole sample",
        leaky=lambda bars: bars["volume"] > bars["volume"].quantile(0.9),
        clean=lambda bars: bars["volume"] > bars["volume"].rolling(50).quantile(0.9).shift(1),
    ),
    Twins(
        name="whole_sample_rank",
        mistake="rank over the whole sample",
        leaky=lambda bars: bars["close"].rank(pct=True),
        clean=lambda bars: bars["close"].rolling(60).rank(pct=True),
    ),
    Twins(
        name="whole_sample_percentile_bins",
        mistake="bin edges from the whole sample",
        leaky=lambda bars: _quintile(_returns(bars), _returns(bars)),
        clean=lambda bars: _quintile(_returns(bars), _returns(bars)[:_FIT])[_FIT:],
    ),
    Twins(
        name="intensity_over_future_maximum",
        mistake="an intensity divided by its maximum over all history and called a probability",
        leaky=lambda bars: _intensity(bars) / _intensity(bars).max(),
        clean=lambda bars: _intensity(bars) / _intensity(bars).cummax(),
    ),
    Twins(
        name="whole_sample_detrend",
        mistake="a line fitted through the whole series is taken off",
        leaky=lambda bars: signal.detrend(np.log(bars["close"].to_numpy())),
        clean=lambda bars: np.log(bars["close"]) - np.log(bars["close"]).rolling(60).mean(),
    ),
    Twins(
        name="whole_sample_volatility",
        mistake="returns divided by the volatility of the whole sample",
        leaky=lambda bars: _returns(bars) / _returns(bars).std(),
        clean=lambda bars: _returns(bars) / _returns(bars).ewm(span=40, min_periods=20).std().shift(1),
    ),
    Twins(
        name="whole_sample_component",
        mistake="principal directions fitted on the whole sample before splitting it",
        leaky=lambda bars: _component(bars, None),
        clean=lambda bars: _component(bars, _FIT),
    ),
    Twins(
        name="whole_sample_clip",
        mistake="outliers clipped at quantiles of the whole sample",
        leaky=lambda bars: _returns(bars).clip(
            float(_returns(bars).quantile(0.05)), float(_returns(bars).quantile(0.95))
        ),
        clean=lambda bars: _returns(bars).clip(
            _returns(bars).expanding(20).quantile(0.05).shift(1), _returns(bars).expanding(20).quantile(0.95).shift(1)
        ),
    ),
    Twins(
        name="rebased_to_last_price",
        mistake="prices divided by the last price, as back-adjusted series are",
        leaky=lambda bars: bars["close"] / bars["close"].iloc[-1],
        clean=lambda bars: bars["close"] / bars["close"].iloc[0],
    ),
    Twins(
        name="share_of_total_volume",
        mistake="the bar's share of a total that is not yet known",
        leaky=lambda bars: bars["volume"] / bars["volume"].sum(),
        clean=lambda bars: bars["volume"] / bars["volume"].cumsum(),
    ),
)
