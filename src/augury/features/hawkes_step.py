"""One bar of the feature `hawkes`, compiled: detect the jump, keep the windows, refit on the grid, filter."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector
from augury.features.stepping import STEP
from augury.numerics.compile import inlined, kernel
from augury.numerics.hawkes_fit import RESULT_SIZE, fit_exponential_hawkes
from augury.numerics.rolling_quantile import exceeds_quantile

__all__ = ["NO_FIT_BEFORE", "hawkes_initial_state", "hawkes_step"]

# params
THRESHOLD_BARS, MIN_THRESHOLD_BARS, QUANTILE, BY_VOLUME, VOLUME_RATIO, BASELINE_BARS = 0, 1, 2, 3, 4, 5
WINDOW_BARS, REFIT_BARS, MIN_EVENTS, HORIZON_BARS, FLAG_BRANCHING, FLAG_RATIO, LIMITS = 6, 7, 8, 9, 10, 11, 12
# state: scalars, then the ring of past returns or volumes, then the ring of event bars
PREVIOUS_CLOSE, KNOWN, SLOT, ELIGIBLE, FIRST_EVENT, EVENTS, NO_FIT_BEFORE = 0, 1, 2, 3, 4, 5, 6
MU, BRANCHING, DECAY, RATIO, EXCITATION, RING = 7, 8, 9, 10, 11, 12

TIE = 1e-12  # log returns that differ by less are rounding of the same price ratio


@inlined
def return_jump(state: FloatVector, params: FloatVector, close: float) -> float:
    """1.0, 0.0 or NaN (too few returns yet): does the return to `close` exceed the trailing quantile?"""
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    if previous == 0.0:
        return np.nan
    size, full, slot = int(state[KNOWN]), int(params[THRESHOLD_BARS]), int(state[SLOT])
    magnitude = abs(math.log(close / previous))
    jump = np.nan
    if size >= params[MIN_THRESHOLD_BARS]:
        jump = 1.0 if exceeds_quantile(state[RING:], size, params[QUANTILE], magnitude - TIE) else 0.0
    state[KNOWN] = min(size + 1, full)
    state[RING + slot] = magnitude
    state[SLOT] = slot + 1 if slot + 1 < full else 0
    return jump


@inlined
def volume_jump(state: FloatVector, params: FloatVector, volume: float, flag: FloatVector) -> float:
    """1.0, 0.0 or NaN (too few volumes yet); `flag[0]` also is NaN where the baseline is 0 and no ratio exists."""
    size, full, slot = int(state[KNOWN]), int(params[BASELINE_BARS]), int(state[SLOT])
    jump = np.nan
    flag[0] = np.nan
    if size >= full:
        total = 0.0
        for i in range(full):
            total += state[RING + i]
        jump = 1.0 if volume * full > params[VOLUME_RATIO] * total * (1.0 + TIE) else 0.0
        if total > 0.0:
            flag[0] = jump
        else:
            jump = 0.0
    else:
        state[KNOWN] = size + 1
    state[RING + slot] = volume
    state[SLOT] = slot + 1 if slot + 1 < full else 0
    return jump


@inlined
def count_bar(state: FloatVector, params: FloatVector, jump: float) -> None:
    """Add one bar to the clock of the process: drop the events that left the window, append this one."""
    full = int(params[WINDOW_BARS])
    ring = state[state.size - full :]
    index = state[ELIGIBLE]
    state[ELIGIBLE] = index + 1.0
    first, events = int(state[FIRST_EVENT]), int(state[EVENTS])
    if events > 0 and ring[first] <= index - full:
        first = first + 1 if first + 1 < full else 0
        events -= 1
    if jump == 1.0:
        ring[(first + events) % full] = index
        events += 1
    state[FIRST_EVENT], state[EVENTS] = first, events
    if state[BRANCHING] > 0.0:
        state[EXCITATION] = math.exp(-state[DECAY]) * state[EXCITATION] + jump


@inlined
def refit(state: FloatVector, params: FloatVector) -> None:
    """Fit the events of the window and recompute the excitation from it; unknown with too few events."""
    events, full, bars = int(state[EVENTS]), int(params[WINDOW_BARS]), state[ELIGIBLE]
    for cell in (MU, BRANCHING, DECAY, RATIO, EXCITATION):
        state[cell] = np.nan
    if events < params[MIN_EVENTS]:
        return
    ring = state[state.size - full :]
    start = max(bars - full, 0.0)
    times = np.empty(events)
    for i in range(events):
        times[i] = ring[(int(state[FIRST_EVENT]) + i) % full] - start + 0.5
    result = np.empty(RESULT_SIZE)
    fit_exponential_hawkes(times, bars - start, params[LIMITS:], result)
    if result[5] != 1.0:
        return
    state[MU], state[BRANCHING], state[DECAY], state[RATIO] = result[0], result[1], result[2], result[4]
    excitation = 0.0
    last = 0.0
    for i in range(events):
        excitation = math.exp(-result[2] * (times[i] - last)) * excitation + 1.0
        last = times[i]
    state[EXCITATION] = math.exp(-result[2] * (bars - start - 0.5 - last)) * excitation


@inlined
def write_row(state: FloatVector, params: FloatVector, out: FloatVector) -> None:
    """What the filter knows after this bar; the branching is known and every other cell follows from it."""
    mu, branching, decay, horizon = state[MU], state[BRANCHING], state[DECAY], params[HORIZON_BARS]
    intensity, expected, average = mu, mu * horizon, mu
    if branching > 0.0:
        intensity = mu + branching * decay * state[EXCITATION]
        average = mu + branching * state[EXCITATION] * (1.0 - math.exp(-decay))
        mean = mu / (1.0 - branching)
        pull = decay * (1.0 - branching)
        expected = mean * horizon + (intensity - mean) * (1.0 - math.exp(-pull * horizon)) / pull
    out[0], out[1], out[2], out[3] = branching, decay, mu, state[RATIO]
    out[4] = 1.0 if branching > params[FLAG_BRANCHING] and state[RATIO] > params[FLAG_RATIO] else 0.0
    out[6], out[7], out[8], out[9] = intensity, 1.0 - math.exp(-average), intensity / mu, expected
    out[10] = math.log(2.0) / decay


@kernel(STEP)
def hawkes_step(state: FloatVector, params: FloatVector, _opened_at: int, bar: FloatVector, out: FloatVector) -> None:
    """One closed bar: detect the jump, move the clock, refit on the grid, write what is known."""
    out[:] = np.nan
    close, volume = bar[3], bar[4]
    if params[BY_VOLUME] == 1.0:
        if not 0.0 <= volume < np.inf:
            return
        jump = volume_jump(state, params, volume, out[5:6])
    else:
        if not 0.0 < close < np.inf:
            return
        jump = return_jump(state, params, close)
        out[5] = jump
    if math.isnan(jump):
        return
    count_bar(state, params, jump)
    if state[ELIGIBLE] >= state[NO_FIT_BEFORE] and state[ELIGIBLE] % params[REFIT_BARS] == 0.0:
        refit(state, params)
    if not math.isnan(state[BRANCHING]):
        write_row(state, params, out)


def hawkes_initial_state(remembered: int, window: int) -> FloatVector:
    """The state before the first bar, for rings of `remembered` returns or volumes and `window` event bars."""
    state = np.zeros(RING + remembered + window)
    state[[MU, BRANCHING, DECAY, RATIO, EXCITATION]] = np.nan
    return state
