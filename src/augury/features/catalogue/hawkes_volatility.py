"""Self-exciting volatility: an exponential accumulator of normalised ranges, with a quiet-then-loud direction.

An accumulator, not a fitted process: it shares the shape of the kernel with a Hawkes intensity and estimates nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import STEP, StepMachine
from augury.numerics.compile import inlined, kernel
from augury.numerics.rolling_quantile import insert_sorted, quantile_sorted, replace_sorted
from augury.spec import Spec

__all__ = ["HawkesVolatilitySpec"]

UNSEEN_SHARE = 0.01  # the level is given once the bars before the first would weigh less than this


@dataclass(frozen=True, slots=True, kw_only=True)
class HawkesVolatilitySpec(Spec):
    """Options of the feature `hawkes_volatility`.

    The log range of each bar is divided by its Wilder average true range over `range_bars` (on log prices, bar t
    included) and accumulated with `decay` per bar. The direction works on the quantiles `low_quantile` and
    `high_quantile` of the previous `quantile_bars` levels, bar t left out: a level below the low one arms it and
    records the close; crossing above the high one while armed gives the sign of the close's move since, which is held
    until the level falls below the low quantile again. One arming gives one direction.
    """

    decay: Annotated[float, msgspec.Meta(gt=0, le=5)] = 0.1
    range_bars: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 336
    quantile_bars: Annotated[int, msgspec.Meta(ge=2, le=100_000)] = 168
    low_quantile: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    high_quantile: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.95

    def check(self) -> None:
        """The low quantile lies below the high one."""
        if self.low_quantile >= self.high_quantile:
            raise InvalidInput(
                f"low_quantile must lie below high_quantile; got {self.low_quantile} and {self.high_quantile}"
            )

    @property
    def settling_bars(self) -> int:
        """Ranges that must be accumulated before the level is given: exp(-decay k) <= 1 %."""
        return math.ceil(-math.log(UNSEEN_SHARE) / self.decay)


OUTPUTS = (
    Output(name="level", meaning="accumulated normalised range, decay x sum", bounds=(0.0, None)),
    Output(name="low", meaning="low quantile of the previous levels", bounds=(0.0, None)),
    Output(name="high", meaning="high quantile of the previous levels", bounds=(0.0, None)),
    Output(
        name="armed", meaning="the level was below the low quantile and has not crossed the high one since", flag=True
    ),
    Output(
        name="direction",
        meaning="+1 or -1 after loud follows quiet, by the move in between; else 0",
        bounds=(-1.0, 1.0),
    ),
)

# params
DECAY, RANGE_BARS, QUANTILE_BARS, LOW, HIGH, SETTLING = 0, 1, 2, 3, 4, 5
# state: scalars, the ring of levels, the same levels in order
PREVIOUS_LOG_CLOSE, STARTED, RANGES, AVERAGE, SEEN, LEVEL = 0, 1, 2, 3, 4, 5
KNOWN, SLOT, WAS_ABOVE, ARMED, ARMED_CLOSE, DIRECTION, RING = 6, 7, 8, 9, 10, 11, 12


@inlined
def average_true_range(state: FloatVector, params: FloatVector, high: float, low: float, close: float) -> float:
    """Wilder's average true range of log prices (mean of the first `range_bars` ranges, then smoothed), NaN before."""
    started, previous = state[STARTED], state[PREVIOUS_LOG_CLOSE]
    state[STARTED], state[PREVIOUS_LOG_CLOSE] = 1.0, close
    if started == 0.0:
        return np.nan
    true_range = max(high, previous) - min(low, previous)
    bars = params[RANGE_BARS]
    if state[RANGES] < bars:
        state[RANGES] += 1.0
        state[AVERAGE] += true_range
        if state[RANGES] < bars:
            return np.nan
        state[AVERAGE] /= bars
    else:
        state[AVERAGE] = (state[AVERAGE] * (bars - 1.0) + true_range) / bars
    return float(state[AVERAGE])


@inlined
def judge(state: FloatVector, params: FloatVector, close: float, out: FloatVector) -> None:
    """Compare a settled level with the quantiles of the previous ones, move the arming, then remember the level."""
    size, full, slot = int(state[KNOWN]), int(params[QUANTILE_BARS]), int(state[SLOT])
    ordered = state[RING + full :]
    level = out[0]
    if size == full:
        out[1] = quantile_sorted(ordered, size, params[LOW])
        out[2] = quantile_sorted(ordered, size, params[HIGH])
        above = 1.0 if level > out[2] else 0.0
        if level < out[1]:
            state[ARMED], state[ARMED_CLOSE], state[DIRECTION] = 1.0, close, 0.0
        elif above == 1.0 and state[WAS_ABOVE] == 0.0 and state[ARMED] == 1.0:
            state[ARMED] = 0.0
            state[DIRECTION] = np.sign(close - state[ARMED_CLOSE])
        state[WAS_ABOVE] = above
        out[3], out[4] = state[ARMED], state[DIRECTION]
        replace_sorted(ordered, size, state[RING + slot], level)
    else:
        insert_sorted(ordered, size, level)
        state[KNOWN] = size + 1
    state[RING + slot] = level
    state[SLOT] = slot + 1 if slot + 1 < full else 0


@kernel(STEP)
def hawkes_volatility_step(
    state: FloatVector,
    params: FloatVector,
    _opened_at: int,
    bar: FloatVector,
    out: FloatVector,
) -> None:
    """One closed bar. A bar without positive finite prices, or in a market that never moved, is skipped."""
    out[:] = np.nan
    if not (0.0 < bar[2] <= bar[1] < np.inf and 0.0 < bar[3] < np.inf):
        return
    high, low, close = math.log(bar[1]), math.log(bar[2]), math.log(bar[3])
    average = average_true_range(state, params, high, low, close)
    if not average > 0.0:
        return
    state[LEVEL] = math.exp(-params[DECAY]) * state[LEVEL] + (high - low) / average
    state[SEEN] += 1.0
    if state[SEEN] < params[SETTLING]:
        return
    out[0] = params[DECAY] * state[LEVEL]
    judge(state, params, bar[3], out)


def build(spec: HawkesVolatilitySpec) -> Feature:
    """The feature with these options bound."""
    options = [spec.decay, spec.range_bars, spec.quantile_bars, spec.low_quantile, spec.high_quantile]
    machine = StepMachine(
        identity=f"hawkes_volatility@{spec.id}",
        step=hawkes_volatility_step,
        params=np.array([*options, spec.settling_bars], dtype=np.float64),
        initial_state=np.zeros(RING + 2 * spec.quantile_bars),
        outputs=len(OUTPUTS),
    )
    return Feature(
        name="hawkes_volatility",
        label="hawkes_volatility",
        spec=spec,
        outputs=OUTPUTS,
        inputs=("high", "low", "close"),
        warm_up=spec.range_bars + spec.settling_bars - 1,
        look_back=None,
        batch=machine.batch,
        open_stream=machine.open_stream,
    )


register(
    FeatureDefinition(
        name="hawkes_volatility",
        summary="self-exciting volatility: accumulated ranges, armed when quiet, a direction when loud",
        source="exponential kernel of Hawkes (1971) applied to ranges; Wilder (1978) for the average true range",
        spec_type=HawkesVolatilitySpec,
        build=build,
    )
)
