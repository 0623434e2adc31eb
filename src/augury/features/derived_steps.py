"""The compiled steps of the derived indicators: classic quantities put on a scale that is free of price and volume."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.features.stepping import STEP
from augury.numerics.compile import kernel
from augury.numerics.rolling import HEADER, ring_full, ring_get, ring_max, ring_mean, ring_min, ring_push

__all__ = [
    "bollinger_position_step",
    "chaikin_money_flow_step",
    "ema_distance_step",
    "macd_atr_step",
    "obv_slope_step",
    "range_position_step",
    "session_vwap_distance_step",
]

_MINUTE = 60_000_000_000  # ns


@kernel("float64(float64[::1], int64, float64, float64)")
def _seeded_ema(state: Any, at: Any, value: Any, span: Any) -> Any:
    """Advance the average kept in state[at : at + 2] (count, sum or average); NaN until `span` values have come."""
    state[at] += 1.0
    if state[at] <= span:
        state[at + 1] += value
        if state[at] < span:
            return np.nan
        state[at + 1] /= span
    else:
        state[at + 1] += (value - state[at + 1]) * (2.0 / (span + 1.0))
    return state[at + 1]


@kernel(STEP)
def ema_distance_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Close over its exponential average, minus 1."""
    out[0] = bar[3] / _seeded_ema(state, 0, bar[3], params[0]) - 1.0


@kernel(STEP)
def bollinger_position_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Percent B and bandwidth from a two-pass population variance over the ring."""
    width, deviations = int(params[0]), params[1]
    out[:] = np.nan
    ring_push(state, 0, width, bar[3])
    mean = ring_mean(state, 0, width)
    if math.isnan(mean):
        return
    square = 0.0
    for ago in range(width, 0, -1):
        off = ring_get(state, 0, width, ago) - mean
        square += off * off
    flat = ring_max(state, 0, width, width) == ring_min(state, 0, width, width)
    half = 0.0 if flat else deviations * math.sqrt(square / width)
    out[1] = 2.0 * half / mean
    if half > 0.0:
        out[0] = (bar[3] - (mean - half)) / (2.0 * half)


@kernel(STEP)
def macd_atr_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """MACD (its fast average seeded where the slow one is) over Wilder's average true range of the same bar."""
    fast, slow, period = params[0], params[1], params[2]
    bars, atr, previous = 0, 5, 6  # state: bars seen, fast average (1, 2), slow average (3, 4), ATR, previous close
    close = bar[3]
    state[bars] += 1.0
    slow_average = _seeded_ema(state, 3, close, slow)
    fast_average = _seeded_ema(state, 1, close, fast) if state[bars] > slow - fast else np.nan
    ranges = state[bars] - 1.0
    if ranges > 0.0:
        true_range = max(bar[1], state[previous]) - min(bar[2], state[previous])
        if ranges < period:
            state[atr] += true_range
        elif ranges == period:
            state[atr] = (state[atr] + true_range) / period
        else:
            state[atr] = (state[atr] * (period - 1.0) + true_range) / period
    state[previous] = close
    ready = ranges >= period and state[atr] > 0.0
    out[0] = (fast_average - slow_average) / state[atr] if ready else np.nan


@kernel("float64(float64[::1], int64, int64)")
def _slope_of_running_sum(state: Any, at: Any, width: Any) -> Any:
    """Least-squares slope of the cumulative sum of a full ring against the bar number."""
    centre = 0.5 * (width - 1)
    total = 0.0
    product = 0.0
    for i in range(width):
        total += ring_get(state, at, width, width - i)
        product += (i - centre) * total
    return product / (width * (width * width - 1.0) / 12.0)


@kernel(STEP)
def obv_slope_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """The slope of on-balance volume against its own earlier slopes, in their standard deviations."""
    width, baseline = int(params[0]), int(params[1])
    flows, slopes = 1, 1 + HEADER + width  # state: previous close (NaN at first), then the two rings
    out[0] = np.nan
    if not math.isnan(state[0]):
        sign = 1.0 if bar[3] > state[0] else (-1.0 if bar[3] < state[0] else 0.0)
        ring_push(state, flows, width, sign * bar[4])
    state[0] = bar[3]
    if not ring_full(state, flows, width):
        return
    slope = _slope_of_running_sum(state, flows, width)
    mean = ring_mean(state, slopes, baseline)
    if not math.isnan(mean):
        square = 0.0
        for ago in range(baseline, 0, -1):
            off = ring_get(state, slopes, baseline, ago) - mean
            square += off * off
        if ring_max(state, slopes, baseline, baseline) > ring_min(state, slopes, baseline, baseline):
            out[0] = (slope - mean) / math.sqrt(square / baseline)
    ring_push(state, slopes, baseline, slope)


@kernel(STEP)
def range_position_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Where the close lies between the lowest low and the highest high, this bar's included."""
    width = int(params[0])
    lows = HEADER + width
    ring_push(state, 0, width, bar[1])
    ring_push(state, lows, width, bar[2])
    top, bottom = ring_max(state, 0, width, width), ring_min(state, lows, width, width)
    out[0] = (bar[3] - bottom) / (top - bottom) if top > bottom else np.nan


@kernel(STEP)
def session_vwap_distance_step(state: Any, params: Any, opened_at: Any, bar: Any, out: Any) -> None:
    """Close over the volume-weighted typical price since the session began, minus 1."""
    day, money, volume = 0, 1, 2
    session = float((opened_at // _MINUTE - int(params[0])) // 1440)
    if session != state[day]:
        state[day] = session
        state[money] = 0.0
        state[volume] = 0.0
    state[money] += (bar[1] + bar[2] + bar[3]) / 3.0 * bar[4]
    state[volume] += bar[4]
    out[0] = bar[3] / (state[money] / state[volume]) - 1.0 if state[volume] > 0.0 else np.nan


@kernel(STEP)
def chaikin_money_flow_step(state: Any, params: Any, _opened_at: Any, bar: Any, out: Any) -> None:
    """Sum of close location value times volume over the sum of volume."""
    width = int(params[0])
    volumes = HEADER + width
    high, low, close = bar[1], bar[2], bar[3]
    location = 0.0 if high == low else ((close - low) - (high - close)) / (high - low)
    ring_push(state, 0, width, location * bar[4])
    ring_push(state, volumes, width, bar[4])
    volume = ring_mean(state, volumes, width)
    flow = ring_mean(state, 0, width)
    out[0] = min(max(flow / volume, -1.0), 1.0) if volume > 0.0 else np.nan
