"""The compiled step of volume spread analysis: one closed bar in, baselines, ratios, events and score out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from augury.features.stepping import STEP
from augury.numerics.compile import inlined, kernel
from augury.numerics.rolling import ring_get, ring_max, ring_mean, ring_median, ring_min, ring_push

__all__ = ["PARAMETERS", "vsa_step"]

# The parameter vector: what the builder computes (flags, ring offsets), then numbers of the spec by their own names.
PARAMETERS = (
    "warm_up",
    "use_median",
    "true_range",
    "highs_at",
    "lows_at",
    "closes_at",
    "spreads_at",
    "volumes_at",
    "scratch_at",
    "slots_at",
    "depth",
    "window_bars",
    "trend_bars",
    "slot_days",
    "slot_minutes",
    "climax_bars",
    "stopping_bars",
    "break_bars",
    "climax_volume",
    "climax_spread",
    "quiet_spread",
    "quiet_volume",
    "no_demand_close",
    "no_supply_close",
    "stopping_volume",
    "reversal_close",
    "break_spread",
    "break_volume",
    "absorption_volume",
    "absorption_spread",
    "weight_quiet",
    "weight_climax",
    "weight_stopping",
    "weight_break",
    "weight_close",
    "ema_span",
)
(
    _WARM_UP,
    _USE_MEDIAN,
    _TRUE_RANGE,
    _HIGHS_AT,
    _LOWS_AT,
    _CLOSES_AT,
    _SPREADS_AT,
    _VOLUMES_AT,
    _SCRATCH_AT,
    _SLOTS_AT,
    _DEPTH,
    _WINDOW,
    _TREND,
    _SLOT_DAYS,
    _SLOT_MINUTES,
    _CLIMAX_BARS,
    _STOPPING_BARS,
    _BREAK_BARS,
    _CLIMAX_VOLUME,
    _CLIMAX_SPREAD,
    _QUIET_SPREAD,
    _QUIET_VOLUME,
    _NO_DEMAND_CLOSE,
    _NO_SUPPLY_CLOSE,
    _STOPPING_VOLUME,
    _REVERSAL_CLOSE,
    _BREAK_SPREAD,
    _BREAK_VOLUME,
    _ABSORPTION_VOLUME,
    _ABSORPTION_SPREAD,
    _WEIGHT_QUIET,
    _WEIGHT_CLIMAX,
    _WEIGHT_STOPPING,
    _WEIGHT_BREAK,
    _WEIGHT_CLOSE,
    _EMA_SPAN,
) = range(len(PARAMETERS))

_BARS, _SCORES, _AVERAGE = 0, 1, 2  # state cells before the rings: bars seen, scores seen, their sum or average
(_SCORE, _SCORE_EMA, _REL_VOLUME, _REL_SPREAD, _POSITION, _LOCATION, _EFFORT, _ABSORB) = range(8)
(_NO_DEMAND, _NO_SUPPLY, _SELLING, _BUYING, _STOP_BULL, _STOP_BEAR, _UPTHRUST, _SPRING) = range(8, 16)
(_ABSORPTION, _ABSORPTION_SIDE, _ZERO_VOLUME) = range(16, 19)
_MINUTE = 60_000_000_000  # ns


@inlined
def _spread_of(state: Any, params: Any, bar: Any) -> Any:
    """High minus low, or the true range (NaN on the first bar, which has no previous close)."""
    high, low = bar[1], bar[2]
    if params[_TRUE_RANGE] == 0.0:
        return high - low
    previous = ring_get(state, int(params[_CLOSES_AT]), int(params[_TREND]), 1)
    if math.isnan(previous):
        return np.nan
    return max(high, previous) - min(low, previous)


@inlined
def _baseline_rings(params: Any, opened_at: Any) -> Any:
    """Where the baselines of this bar live: spread ring, volume ring, width."""
    days = int(params[_SLOT_DAYS])
    if days == 0:
        return int(params[_SPREADS_AT]), int(params[_VOLUMES_AT]), int(params[_WINDOW])
    slot = ((opened_at // _MINUTE) % 1440) // int(params[_SLOT_MINUTES])
    spreads_at = int(params[_SLOTS_AT]) + slot * 2 * (days + 2)
    return spreads_at, spreads_at + days + 2, days


@inlined
def _baseline(state: Any, params: Any, at: Any, width: Any) -> Any:
    if params[_USE_MEDIAN] == 0.0:
        return ring_mean(state, at, width)
    return ring_median(state, at, width, int(params[_SCRATCH_AT]))


@inlined
def _measure(spread: Any, usual_spread: Any, usual_volume: Any, bar: Any, out: Any) -> None:
    """Ratios to the baselines and where the close lies in the bar."""
    high, low, close, volume = bar[1], bar[2], bar[3], bar[4]
    locked = high == low
    location = 0.0 if locked else ((close - low) - (high - close)) / (high - low)
    rel_spread = spread / usual_spread if usual_spread > 0.0 else np.nan
    rel_volume = volume / usual_volume if usual_volume > 0.0 else np.nan
    out[_LOCATION] = location
    out[_POSITION] = 0.5 * (location + 1.0)
    out[_REL_SPREAD] = rel_spread
    out[_REL_VOLUME] = rel_volume
    out[_ZERO_VOLUME] = 1.0 if volume == 0.0 else 0.0
    if rel_spread > 0.0 and rel_volume > 0.0:
        out[_EFFORT] = math.log(rel_volume) - math.log(rel_spread)
    if not locked:
        out[_ABSORB] = rel_volume / (rel_spread + 1e-9)


@inlined
def _flag_quiet_and_absorbing(state: Any, params: Any, bar: Any, out: Any) -> None:
    """Williams: no demand is a quiet bar that closes up, no supply a quiet bar that closes down."""
    width, volumes_at = int(params[_WINDOW]), int(params[_VOLUMES_AT])
    trend, closes_at = int(params[_TREND]), int(params[_CLOSES_AT])
    close, volume = bar[3], bar[4]
    previous = ring_get(state, closes_at, trend, 1)
    quiet = (
        out[_REL_SPREAD] < params[_QUIET_SPREAD]
        and out[_REL_VOLUME] < params[_QUIET_VOLUME]
        and volume < ring_get(state, volumes_at, width, 1)
        and volume < ring_get(state, volumes_at, width, 2)
    )
    out[_NO_DEMAND] = 1.0 if quiet and close > previous and out[_POSITION] <= params[_NO_DEMAND_CLOSE] else 0.0
    out[_NO_SUPPLY] = 1.0 if quiet and close < previous and out[_POSITION] >= params[_NO_SUPPLY_CLOSE] else 0.0
    absorbing = (
        out[_REL_VOLUME] > params[_ABSORPTION_VOLUME]
        and out[_REL_SPREAD] < params[_ABSORPTION_SPREAD]
        and bar[1] > bar[2]
    )
    out[_ABSORPTION] = 1.0 if absorbing else 0.0
    out[_ABSORPTION_SIDE] = np.sign(ring_get(state, closes_at, trend, trend) - close) if absorbing else 0.0


@inlined
def _flag_extremes(state: Any, params: Any, bar: Any, out: Any) -> None:
    """Climaxes, stopping volume, upthrust and spring: heavy bars at the edge of the recent range."""
    depth, highs_at, lows_at = int(params[_DEPTH]), int(params[_HIGHS_AT]), int(params[_LOWS_AT])
    climax, stopping, broken = int(params[_CLIMAX_BARS]), int(params[_STOPPING_BARS]), int(params[_BREAK_BARS])
    high, low, close = bar[1], bar[2], bar[3]
    previous = ring_get(state, int(params[_CLOSES_AT]), int(params[_TREND]), 1)
    up, down = close > previous, close < previous
    rel_volume, rel_spread, position = out[_REL_VOLUME], out[_REL_SPREAD], out[_POSITION]

    heavy = rel_volume > params[_CLIMAX_VOLUME] and rel_spread > params[_CLIMAX_SPREAD]
    out[_SELLING] = 1.0 if heavy and down and low <= ring_min(state, lows_at, depth, climax - 1) else 0.0
    out[_BUYING] = 1.0 if heavy and up and high >= ring_max(state, highs_at, depth, climax - 1) else 0.0

    heavy = rel_volume > params[_STOPPING_VOLUME]
    falling, rising = heavy and down and position > 0.5, heavy and up and position < 0.5
    out[_STOP_BULL] = 1.0 if falling and low <= ring_min(state, lows_at, depth, stopping - 1) else 0.0
    out[_STOP_BEAR] = 1.0 if rising and high >= ring_max(state, highs_at, depth, stopping - 1) else 0.0

    active = rel_spread > params[_BREAK_SPREAD] and rel_volume > params[_BREAK_VOLUME]
    weak, strong = active and position < params[_REVERSAL_CLOSE], active and position > 1.0 - params[_REVERSAL_CLOSE]
    out[_UPTHRUST] = 1.0 if weak and high > ring_max(state, highs_at, depth, broken) else 0.0
    out[_SPRING] = 1.0 if strong and low < ring_min(state, lows_at, depth, broken) else 0.0


@inlined
def _score(state: Any, params: Any, out: Any) -> None:
    """The weighted sum of events, clipped to [-1, 1], and its EMA seeded with the mean of the first `ema_span`."""
    raw = (
        params[_WEIGHT_QUIET] * (out[_NO_SUPPLY] - out[_NO_DEMAND])
        + params[_WEIGHT_CLIMAX] * (out[_SELLING] - out[_BUYING])
        + params[_WEIGHT_STOPPING] * (out[_STOP_BULL] - out[_STOP_BEAR])
        + params[_WEIGHT_BREAK] * (out[_SPRING] - out[_UPTHRUST])
        + params[_WEIGHT_CLOSE] * out[_LOCATION] * math.tanh(out[_REL_VOLUME] - 1.0)
    )
    score = min(max(raw, -1.0), 1.0)
    out[_SCORE] = score
    span = params[_EMA_SPAN]
    state[_SCORES] += 1.0
    if state[_SCORES] <= span:
        state[_AVERAGE] += score
        if state[_SCORES] < span:
            return
        state[_AVERAGE] /= span
    elif span == 1.0:
        state[_AVERAGE] = score  # the update below would round, and the score alone has no memory
    else:
        state[_AVERAGE] += (score - state[_AVERAGE]) * (2.0 / (span + 1.0))
    out[_SCORE_EMA] = state[_AVERAGE]


@kernel(STEP)
def vsa_step(state: Any, params: Any, opened_at: Any, bar: Any, out: Any) -> None:
    """One bar of volume spread analysis. The bar is judged against earlier bars only, then remembered."""
    out[:] = np.nan
    spreads_at, volumes_at, width = _baseline_rings(params, opened_at)
    spread = _spread_of(state, params, bar)
    if state[_BARS] >= params[_WARM_UP]:
        usual_spread = _baseline(state, params, spreads_at, width)
        usual_volume = _baseline(state, params, volumes_at, width)
        _measure(spread, usual_spread, usual_volume, bar, out)
        if not (math.isnan(out[_REL_SPREAD]) or math.isnan(out[_REL_VOLUME])):
            _flag_quiet_and_absorbing(state, params, bar, out)
            _flag_extremes(state, params, bar, out)
            _score(state, params, out)
    if not math.isnan(spread):
        ring_push(state, spreads_at, width, spread)
        ring_push(state, volumes_at, width, bar[4])
    if params[_SLOT_DAYS] > 0.0:
        ring_push(state, int(params[_VOLUMES_AT]), int(params[_WINDOW]), bar[4])
    ring_push(state, int(params[_HIGHS_AT]), int(params[_DEPTH]), bar[1])
    ring_push(state, int(params[_LOWS_AT]), int(params[_DEPTH]), bar[2])
    ring_push(state, int(params[_CLOSES_AT]), int(params[_TREND]), bar[3])
    state[_BARS] += 1.0
