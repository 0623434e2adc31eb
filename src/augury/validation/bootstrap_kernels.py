"""Block bootstrap, compiled: resampled places, and the statistics of resampled return series in one pass each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.validation.random_streams import draw_below, draw_unit, stream_base

__all__ = [
    "CIRCULAR",
    "CURVE_FIGURES",
    "MOVING",
    "STATIONARY",
    "bootstrap_curves",
    "curve_figures",
    "resample_places",
]

STATIONARY, CIRCULAR, MOVING = 0, 1, 2
CURVE_FIGURES = 4  # mean, standard deviation (ddof 1), log growth, maximum drawdown (<= 0)


@kernel("void(int64, float64, uint64, int64[::1])")
def resample_places(kind: Any, block: Any, base: Any, out: Any) -> None:
    """Places in [0, n) of one resample of length n = len(out).

    Stationary: blocks of geometric length with mean `block`, around the end (Politis and Romano 1994); circular and
    moving: blocks of `block` bars (rounded), the moving ones never crossing the end.
    """
    bars = out.shape[0]
    if kind == STATIONARY:
        fresh = 1.0 / max(block, 1.0)
        place = draw_below(base, 0, bars)
        out[0] = place
        for t in range(1, bars):
            u = draw_unit(base, t)
            place = place + 1 if place + 1 < bars else 0
            if u < fresh:
                place = min(np.int64(u / fresh * bars), bars - 1)  # u / fresh is uniform, given that u < fresh
            out[t] = place
        return
    length = min(max(np.int64(round(block)), 1), bars)
    starts = bars if kind == CIRCULAR else bars - length + 1
    place = 0
    for t in range(bars):
        place = place + 1 if place + 1 < bars else 0
        if t % length == 0:
            place = draw_below(base, t, starts)
        out[t] = place


@kernel("void(float64[::1], float64[::1])")
def curve_figures(returns: Any, out: Any) -> None:
    """Mean, standard deviation (ddof 1), log growth and maximum drawdown of simple returns into out[4].

    The drawdown counts the start as a peak. After a return of -1 or less the growth is NaN and the drawdown -1.
    """
    bars = returns.shape[0]
    total = 0.0
    wealth, peak, worst = 1.0, 1.0, 0.0
    for x in returns:
        total += x
        wealth *= 1.0 + x
        if wealth > peak:
            peak = wealth
        elif wealth < peak * (1.0 + worst):
            worst = wealth / peak - 1.0
        if wealth <= 0.0:
            wealth, worst = np.nan, -1.0
    mean = total / bars
    squares = 0.0
    for x in returns:
        squares += (x - mean) * (x - mean)
    out[0] = mean
    out[1] = math.sqrt(squares / (bars - 1)) if bars > 1 else np.nan
    out[2] = math.log(wealth)
    out[3] = worst


@kernel("void(float64[::1], int64, float64, int64, int64[::1], float64[:, ::1])")
def bootstrap_curves(returns: Any, kind: Any, block: Any, seed: Any, span: Any, out: Any) -> None:
    """`curve_figures` of resamples number span[0]..span[1] into their rows of out[R, 4]."""
    places = np.empty(returns.shape[0], dtype=np.int64)
    resample = np.empty(returns.shape[0])
    for repetition in range(span[0], span[1]):
        resample_places(kind, block, stream_base(seed, repetition), places)
        for t in range(places.shape[0]):
            resample[t] = returns[places[t]]
        curve_figures(resample, out[repetition])
