"""Volume spread analysis: effort (volume) against result (spread) on each bar, after Wyckoff and Williams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.vsa_step import PARAMETERS, vsa_step
from augury.features.windowed_tail import windowed_tail
from augury.numerics.rolling import HEADER
from augury.spec import Spec

__all__ = ["VsaSpec", "vsa"]

_Ratio = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]
_Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
_Weight = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
_Bars = Annotated[int, msgspec.Meta(ge=2, le=1000)]
_FIRST_RING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class VsaSpec(Spec):
    """Options of volume spread analysis; ratios are to the baseline, closes are fractions of the bar from its low.

    `baseline` and `gap_mode` choose mean or median and plain or true range. With `slot_days` above 0 the baselines of
    a bar are those of the same time of the UTC day (slots of `slot_minutes`) on its last `slot_days` appearances,
    which intraday bars need: otherwise every open and close is a climax. Slots follow UTC, not daylight saving.
    """

    window_bars: _Bars = 50
    baseline: Literal["mean", "median"] = "mean"
    gap_mode: Literal["exclude", "true_range"] = "exclude"
    slot_days: Annotated[int, msgspec.Meta(ge=0, le=250)] = 0
    slot_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 1
    climax_volume: _Ratio = 2.0
    climax_spread: _Ratio = 1.5
    climax_bars: _Bars = 20
    quiet_spread: _Ratio = 0.8
    quiet_volume: _Ratio = 1.0
    no_demand_close: _Fraction = 0.6
    no_supply_close: _Fraction = 0.4
    stopping_volume: _Ratio = 2.0
    stopping_bars: _Bars = 10
    break_bars: _Bars = 20
    break_spread: _Ratio = 1.0
    break_volume: _Ratio = 1.0
    reversal_close: _Fraction = 0.3
    absorption_volume: _Ratio = 1.5
    absorption_spread: _Ratio = 0.7
    trend_bars: _Bars = 20
    weight_quiet: _Weight = 0.5
    weight_climax: _Weight = 0.6
    weight_stopping: _Weight = 0.7
    weight_break: _Weight = 0.7
    weight_close: _Weight = 0.25
    ema_span: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5

    def check(self) -> None:
        """Slots must divide the day."""
        if 1440 % self.slot_minutes:
            raise InvalidInput(
                f"slot_minutes must divide the 1440 minutes of a day; got {self.slot_minutes}; try 1, 5, 15, 30 or 60"
            )


_EVENTS = {
    "no_demand": "an up bar, narrow and quieter than the two before, not closing high: buyers are absent (bearish)",
    "no_supply": "a down bar, narrow and quieter than the two before, not closing low: sellers are absent (bullish)",
    "selling_climax": "a wide, heavy down bar at the recent low (bullish)",
    "buying_climax": "a wide, heavy up bar at the recent high (bearish)",
    "stopping_volume_bull": "a heavy down bar at the recent low that closes in its upper half (bullish)",
    "stopping_volume_bear": "a heavy up bar at the recent high that closes in its lower half (bearish)",
    "upthrust": "a push above the earlier high that closes near its low on effort (bearish)",
    "spring": "a push below the earlier low that closes near its high on effort (bullish)",
    "absorption": "much volume, little spread: the other side takes what is offered",
}

_OUTPUTS = (
    Output(name="score", meaning="weighted sum of the events, bullish above 0", bounds=(-1.0, 1.0)),
    Output(name="score_ema", meaning="exponential average of the score", bounds=(-1.0, 1.0)),
    Output(name="relative_volume", meaning="volume over its baseline", bounds=(0.0, None)),
    Output(name="relative_spread", meaning="spread over its baseline", bounds=(0.0, None)),
    Output(name="close_position", meaning="close in the bar, 0 at the low, 1 at the high", bounds=(0.0, 1.0)),
    Output(name="close_location", meaning="close location value, -1 at the low, 1 at the high", bounds=(-1.0, 1.0)),
    Output(name="effort_result", meaning="ln relative volume - ln relative spread, above 0: effort without result"),
    Output(name="absorb", meaning="relative volume over relative spread", bounds=(0.0, None)),
    *(Output(name=name, meaning=meaning, flag=True, bounds=(0.0, 1.0)) for name, meaning in _EVENTS.items()),
    Output(
        name="absorption_direction",
        meaning="1 where absorption meets a falling trend, -1 where it meets a rising one, else 0",
        bounds=(-1.0, 1.0),
    ),
    Output(name="zero_volume", meaning="the bar had no volume at all: its events are doubtful", flag=True),
)


def _history(spec: VsaSpec) -> tuple[int, int]:
    """Depth of the rings of highs and lows, and the bars that must have passed before the first output."""
    depth = max(spec.climax_bars - 1, spec.stopping_bars - 1, spec.break_bars)
    baseline = spec.slot_days if spec.slot_days else spec.window_bars
    return depth, max(depth, spec.trend_bars, 2, baseline + (spec.gap_mode == "true_range"))


def _layout(spec: VsaSpec) -> tuple[dict[str, int], int]:
    """Where each ring starts in the state vector, and the length of the vector."""
    depth, _ = _history(spec)
    slot_cells = 2 * (spec.slot_days + HEADER) * (1440 // spec.slot_minutes) if spec.slot_days else 0
    sizes = {
        "highs_at": depth + HEADER,
        "lows_at": depth + HEADER,
        "closes_at": spec.trend_bars + HEADER,
        "spreads_at": spec.window_bars + HEADER,
        "volumes_at": spec.window_bars + HEADER,
        "scratch_at": max(spec.window_bars, spec.slot_days),
        "slots_at": slot_cells,
    }
    starts: dict[str, int] = {}
    end = _FIRST_RING
    for name, size in sizes.items():
        starts[name] = end
        end += size
    return starts, end


def _parameters(spec: VsaSpec) -> FloatVector:
    depth, warm_up = _history(spec)
    values = spec.to_dict() | _layout(spec)[0]
    values["depth"] = depth
    values["warm_up"] = warm_up
    values["use_median"] = spec.baseline == "median"
    values["true_range"] = spec.gap_mode == "true_range"
    return np.array([float(values[name]) for name in PARAMETERS])


def vsa(spec: VsaSpec | None = None) -> Feature:
    """Volume spread analysis of each bar against a baseline of earlier bars, the bar itself excluded.

    Relative volume and spread divide by the mean (or median) of the `window_bars` bars before; events follow Williams'
    definitions, in which no demand closes up and no supply closes down. Everything is known at the close of the bar.

    Warm-up: `max(window_bars, break_bars, trend_bars, climax_bars - 1, stopping_bars - 1)` bars, one more with true
    ranges; `score_ema` needs `ema_span - 1` more. Look-back: one bar more than the warm-up for every output except
    `score_ema`, which is recursive (seeded with the mean of its first `ema_span` scores); with `ema_span=1` it is the
    score itself and the whole feature has that look-back (slots of the day remember longer).
    NaN: while warming up; ratios, flags and scores where a baseline is 0 or a slot has too little history;
    `effort_result` where a ratio is 0; `absorb` where high equals low (that bar is never absorption either, and its
    `close_location` is 0). A zero-volume bar has relative volume 0, a fact, and raises `zero_volume`.
    Rates of the flags on GARCH bars, which hold no structure (their null, defaults): no demand and no supply 3 % each,
    climaxes 0.6 % each, upthrust and spring 1.1 % each, stopping volume 0.05 % each, absorption 0.1 % where volume
    follows the range and up to 4 % where it does not.

    Source: T. Williams, Master the Markets (1993, 2005); R. Wyckoff (1931).

    >>> feature = vsa(VsaSpec(window_bars=20))
    >>> feature.columns[2], feature.warm_up
    ('vsa_relative_volume', 20)
    """
    bound = spec or VsaSpec()
    _, length = _layout(bound)
    warm_up = _history(bound)[1]
    look_back = warm_up + 1 if bound.ema_span == 1 and bound.slot_days == 0 else None
    machine = StepMachine(
        identity=f"vsa@{bound.id}",
        step=vsa_step,
        params=_parameters(bound),
        initial_state=np.zeros(length),
        outputs=len(_OUTPUTS),
    )
    return Feature(
        name="vsa",
        label="vsa",
        spec=bound,
        outputs=_OUTPUTS,
        inputs=("high", "low", "close", "volume"),
        warm_up=warm_up,
        look_back=look_back,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=None if look_back is None else windowed_tail(machine.batch, look_back),
    )


register(
    FeatureDefinition(
        name="vsa",
        summary="volume spread analysis: effort against result, climaxes, no demand, no supply, springs, a score",
        source="T. Williams, Master the Markets (1993, 2005)",
        spec_type=VsaSpec,
        build=vsa,
    )
)
