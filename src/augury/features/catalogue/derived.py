"""Classic indicators made scale-free, as step features: the same number whatever the price or volume unit.

All are known at the close of the bar and NaN while warming up. Divisions that mean nothing (a window without range,
a session without volume) give NaN, never a neutral number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.features import derived_steps
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.numerics.rolling import HEADER
from augury.spec import Spec

__all__ = [
    "BollingerPositionSpec",
    "ChaikinMoneyFlowSpec",
    "EmaDistanceSpec",
    "MacdAtrSpec",
    "ObvSlopeSpec",
    "RangePositionSpec",
    "SessionVwapDistanceSpec",
]

_Bars = Annotated[int, msgspec.Meta(ge=2, le=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmaDistanceSpec(Spec):
    """Bars of the exponential average."""

    span_bars: _Bars = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BollingerPositionSpec(Spec):
    """Bars of the bands and their half width in standard deviations."""

    window_bars: _Bars = 20
    deviations: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MacdAtrSpec(Spec):
    """Bars of the fast and slow averages and of the average true range."""

    fast_bars: _Bars = 12
    slow_bars: _Bars = 26
    atr_bars: _Bars = 14

    def check(self) -> None:
        """The fast average must be the shorter one."""
        if self.fast_bars >= self.slow_bars:
            raise InvalidInput(
                f"fast_bars must be below slow_bars; got {self.fast_bars} and {self.slow_bars}; swap them"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObvSlopeSpec(Spec):
    """Bars of one slope, and number of earlier slopes it is compared with."""

    slope_bars: _Bars = 20
    baseline_bars: _Bars = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePositionSpec(Spec):
    """Bars of the range, the newest included."""

    window_bars: _Bars = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionVwapDistanceSpec(Spec):
    """Minute of the UTC day at which a session begins."""

    session_start_minute: Annotated[int, msgspec.Meta(ge=0, le=1439)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaikinMoneyFlowSpec(Spec):
    """Bars of the sums."""

    window_bars: _Bars = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Derived:
    """A row of the table below. `params`, `state`, `warm_up` and `look_back` are worked out from the options."""

    name: str
    summary: str
    source: str
    spec_type: type[Spec]
    step: Any
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    params: Callable[[Any], tuple[float, ...]]
    state: Callable[[Any], FloatVector]
    warm_up: Callable[[Any], int]
    look_back: Callable[[Any], int | None] = lambda _: None


def _register(row: _Derived) -> FeatureDefinition:
    def build(spec: Spec | None = None) -> Feature:
        bound = spec or row.spec_type()
        machine = StepMachine(
            identity=f"{row.name}@{bound.id}",
            step=row.step,
            params=np.array(row.params(bound), dtype=np.float64),
            initial_state=row.state(bound),
            outputs=len(row.outputs),
        )
        return Feature(
            name=row.name,
            label=row.name,
            spec=bound,
            outputs=row.outputs,
            inputs=row.inputs,
            warm_up=row.warm_up(bound),
            look_back=row.look_back(bound),
            batch=machine.batch,
            open_stream=machine.open_stream,
        )

    return register(
        FeatureDefinition(name=row.name, summary=row.summary, source=row.source, spec_type=row.spec_type, build=build)
    )


def _rings(*widths: int, before: tuple[float, ...] = ()) -> FloatVector:
    return np.concatenate([np.array(before), np.zeros(sum(width + HEADER for width in widths))])


_TABLE = (
    _Derived(
        name="ema_distance",
        summary="close over its exponential moving average, minus 1",
        source="TA-Lib's EMA (seeded with a simple average)",
        spec_type=EmaDistanceSpec,
        step=derived_steps.ema_distance_step,
        inputs=("close",),
        outputs=(Output(name="", meaning="relative distance from the average", bounds=(-1.0, None)),),
        params=lambda spec: (spec.span_bars,),
        state=lambda _: np.zeros(2),
        warm_up=lambda spec: spec.span_bars - 1,
    ),
    _Derived(
        name="bollinger_position",
        summary="where the close lies between the Bollinger bands, and how wide they are",
        source="J. Bollinger, Bollinger on Bollinger Bands (2001)",
        spec_type=BollingerPositionSpec,
        step=derived_steps.bollinger_position_step,
        inputs=("close",),
        outputs=(
            Output(name="percent_b", meaning="0 at the lower band, 1 at the upper; NaN where the window is flat"),
            Output(name="bandwidth", meaning="distance of the bands over the average", bounds=(0.0, None)),
        ),
        params=lambda spec: (spec.window_bars, spec.deviations),
        state=lambda spec: _rings(spec.window_bars),
        warm_up=lambda spec: spec.window_bars - 1,
        look_back=lambda spec: spec.window_bars,
    ),
    _Derived(
        name="macd_atr",
        summary="MACD in average true ranges",
        source="G. Appel; J. W. Wilder (1978); TA-Lib's conventions",
        spec_type=MacdAtrSpec,
        step=derived_steps.macd_atr_step,
        inputs=("high", "low", "close"),
        outputs=(Output(name="", meaning="fast minus slow average over the average true range"),),
        params=lambda spec: (spec.fast_bars, spec.slow_bars, spec.atr_bars),
        state=lambda _: np.zeros(7),
        warm_up=lambda spec: max(spec.slow_bars - 1, spec.atr_bars),
    ),
    _Derived(
        name="obv_slope",
        summary="slope of on-balance volume, in standard deviations of its own earlier slopes",
        source="J. Granville (1963); least squares; the newest slope is not part of its baseline",
        spec_type=ObvSlopeSpec,
        step=derived_steps.obv_slope_step,
        inputs=("close", "volume"),
        outputs=(Output(name="", meaning="z-score of the slope; NaN where all earlier slopes are equal"),),
        params=lambda spec: (spec.slope_bars, spec.baseline_bars),
        state=lambda spec: _rings(spec.slope_bars, spec.baseline_bars, before=(np.nan,)),
        warm_up=lambda spec: spec.slope_bars + spec.baseline_bars,
        look_back=lambda spec: spec.slope_bars + spec.baseline_bars + 1,
    ),
    _Derived(
        name="range_position",
        summary="where the close lies in the range of the last bars, 0 at the low, 1 at the high",
        source="G. Lane's stochastic %K as a fraction",
        spec_type=RangePositionSpec,
        step=derived_steps.range_position_step,
        inputs=("high", "low", "close"),
        outputs=(Output(name="", meaning="position; NaN where the range is empty", bounds=(0.0, 1.0)),),
        params=lambda spec: (spec.window_bars,),
        state=lambda spec: _rings(spec.window_bars, spec.window_bars),
        warm_up=lambda spec: spec.window_bars - 1,
        look_back=lambda spec: spec.window_bars,
    ),
    _Derived(
        name="session_vwap_distance",
        summary="close over the volume-weighted average price of the session so far, minus 1",
        source="volume-weighted typical price, restarted at the session's first bar",
        spec_type=SessionVwapDistanceSpec,
        step=derived_steps.session_vwap_distance_step,
        inputs=("high", "low", "close", "volume"),
        outputs=(
            Output(name="", meaning="relative distance; NaN before the session's first trade", bounds=(-1.0, None)),
        ),
        params=lambda spec: (spec.session_start_minute,),
        state=lambda _: np.array([np.nan, 0.0, 0.0]),
        warm_up=lambda _: 0,
    ),
    _Derived(
        name="chaikin_money_flow",
        summary="close location value weighted by volume",
        source="M. Chaikin; oracle: TA-Lib CMF",
        spec_type=ChaikinMoneyFlowSpec,
        step=derived_steps.chaikin_money_flow_step,
        inputs=("high", "low", "close", "volume"),
        outputs=(Output(name="", meaning="money flow; NaN where the window has no volume", bounds=(-1.0, 1.0)),),
        params=lambda spec: (spec.window_bars,),
        state=lambda spec: _rings(spec.window_bars, spec.window_bars),
        warm_up=lambda spec: spec.window_bars - 1,
        look_back=lambda spec: spec.window_bars,
    ),
)

for _row in _TABLE:
    _register(_row)
