"""Feature: how the variation of returns or prices divides among horizons, by a causal wavelet transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.wavelet_step import wavelet_params, wavelet_state, wavelet_step
from augury.features.wavelet_transform import detail_delay, reach, smooth_delay
from augury.features.windowed_tail import windowed_tail
from augury.numerics.wavelet_filters import WaveletName
from augury.spec import Spec

__all__ = ["WaveletSpec", "wavelet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveletSpec(Spec):
    """Options: the series, the wavelet, its levels, bars of the window and bars that the trend spans.

    Four levels suit daily bars (swings of 2 to 32 bars), six intraday ones. Haar is the wavelet that is least late.
    """

    series: Literal["returns", "log_price"] = "returns"
    wavelet: WaveletName = "haar"
    levels: Annotated[int, msgspec.Meta(ge=2, le=8)] = 4
    window_bars: Annotated[int, msgspec.Meta(ge=8, le=2048)] = 128
    trend_bars: Annotated[int, msgspec.Meta(ge=1, le=2047)] = 16

    def check(self) -> None:
        """The trend must lie within the window."""
        if self.trend_bars >= self.window_bars:
            raise InvalidInput(
                f"trend_bars must be below window_bars; got {self.trend_bars} and {self.window_bars}; "
                "shorten the trend or lengthen the window"
            )


def _outputs(spec: WaveletSpec) -> tuple[Output, ...]:
    levels = range(1, spec.levels + 1)
    late = {level: f"{detail_delay(spec.wavelet, level):.3g} bars late" for level in levels}
    swings = {level: f"level {level}, swings of {2**level} to {2 ** (level + 1)} bars" for level in levels}
    slow = f"smooth, slower than {2 ** (spec.levels + 1)} bars"
    smooth_late = f"{smooth_delay(spec.wavelet, spec.levels):.3g} bars late"
    energies = [
        Output(name=f"energy_{j}", meaning=f"mean square of {swings[j]}; {late[j]}", bounds=(0.0, None)) for j in levels
    ]
    energies.append(Output(name="energy_smooth", meaning=f"variance of the {slow}; {smooth_late}", bounds=(0.0, None)))
    shares = [
        Output(name=f"share_{j}", meaning=f"of all energy, in {swings[j]}; {late[j]}", bounds=(0.0, 1.0))
        for j in levels
    ]
    shares.append(
        Output(name="share_smooth", meaning=f"of all energy, in the {slow}; {smooth_late}", bounds=(0.0, 1.0))
    )
    newest = [
        Output(name=f"z_{j}", meaning=f"newest coefficient of {swings[j]}, in deviations of its window; {late[j]}")
        for j in levels
    ]
    return (
        *energies,
        *shares,
        *newest,
        Output(name="entropy", meaning="of the shares: 0 all in one of them, 1 all alike", bounds=(0.0, 1.0)),
        Output(name="slope", meaning="of log2 energy on level: on returns about -1 for noise"),
        Output(name="dominant_level", meaning="the level of most energy", bounds=(1.0, float(spec.levels))),
        Output(name="trend", meaning=f"change of the smooth over {spec.trend_bars} bars; {smooth_late}"),
    )


def wavelet(spec: WaveletSpec | None = None) -> Feature:
    """Energies of a causal MODWT over the last `window_bars` coefficients of log returns (or log prices).

    The energy of level j is the mean of W_j^2, that of the smooth the variance of V_J: they add up to the variance of
    the series, as far as a window can tell. Shares, their entropy over ln(J + 1), the least-squares slope of log2
    energy on j and the level of most energy follow; z is (W_j[t] - mean) / population deviation of the window, and
    trend is V_J[t] - V_J[t - trend_bars]. All of it is known at the close of bar t and never shifted to the left: each
    level is late by the bars that its meaning says.

    Warm-up: (2^J - 1)(L - 1) + window_bars - 1 bars, one more on returns (143 by default). Any bar depends on its
    look-back alone, in every bit. NaN: while warming up; z of a level that does not move in the window; shares,
    entropy and dominant level where nothing moves; the slope where some level does not.

    Source: Percival and Walden (2000), chapters 5 and 8; wavelet entropy: Rosso et al. (2001).

    >>> wavelet().warm_up
    143
    """
    bound = spec or WaveletSpec()
    on_returns = bound.series == "returns"
    params = wavelet_params(
        bound.wavelet,
        levels=bound.levels,
        window=bound.window_bars,
        trend=bound.trend_bars,
        on_returns=on_returns,
    )
    outputs = _outputs(bound)
    machine = StepMachine(
        identity=f"wavelet@{bound.id}",
        step=wavelet_step,
        params=params,
        initial_state=wavelet_state(params),
        outputs=len(outputs),
    )
    look_back = reach(bound.wavelet, bound.levels) + bound.window_bars + on_returns
    return Feature(
        name="wavelet",
        label="wavelet" if on_returns else "wavelet_price",
        spec=bound,
        outputs=outputs,
        inputs=("close",),
        warm_up=look_back - 1,
        look_back=look_back,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=windowed_tail(machine.batch, look_back),
    )


register(
    FeatureDefinition(
        name="wavelet",
        summary="Energies, shares, entropy, slope and trend by horizon, from a causal wavelet transform",
        source="Percival and Walden (2000), maximal overlap DWT; Rosso et al. (2001), wavelet entropy",
        spec_type=WaveletSpec,
        build=wavelet,
    )
)
