"""Feature: the log price without its noise, by causal wavelet shrinkage in a rolling window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.wavelet_denoised_step import (
    wavelet_denoised_params,
    wavelet_denoised_state,
    wavelet_denoised_step,
)
from augury.features.wavelet_transform import smooth_delay
from augury.features.windowed_tail import windowed_tail
from augury.spec import Spec

__all__ = ["WaveletDenoisedSpec", "wavelet_denoised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveletDenoisedSpec(Spec):
    """Options: the levels that are shrunk, and the bars of the window that tells the noise."""

    levels: Annotated[int, msgspec.Meta(ge=1, le=8)] = 4
    window_bars: Annotated[int, msgspec.Meta(ge=32, le=4096)] = 256

    def check(self) -> None:
        """The last level must see no further back than the window."""
        needed = 2**self.levels
        if needed > self.window_bars:
            raise InvalidInput(
                f"{self.levels} levels reach over {needed} bars, more than window_bars = "
                f"{self.window_bars}; lengthen the window or take fewer levels"
            )


def _outputs(spec: WaveletDenoisedSpec) -> tuple[Output, ...]:
    late = f"{smooth_delay('haar', spec.levels):.3g} bars late"
    return (
        Output(name="gap", meaning="denoised log price less log price: what is taken for noise, sign reversed"),
        Output(name="change", meaning="of the denoised log price since the bar before, as both were when they came"),
        Output(name="detail", meaning=f"what is left of the details: denoised log price less its smooth, {late}"),
        Output(name="noise", meaning="standard deviation of the noise in the window", bounds=(0.0, None)),
        Output(name="gap_z", meaning="gap over noise"),
        Output(name="change_z", meaning="change over noise"),
        Output(name="detail_z", meaning="detail over noise"),
        Output(name="kept_share", meaning="of the squared details, what shrinking leaves", bounds=(0.0, 1.0)),
    )


def wavelet_denoised(spec: WaveletDenoisedSpec | None = None) -> Feature:
    """Log price without the details that its own last `window_bars` bars cannot tell from noise.

    With V_0 the log price and V_j its causal Haar smooths, the details d_j = V_(j-1) - V_j (W_j but for the sign) add
    up to the log price: x[t] = V_J[t] + sum of d_j[t]. The noise is sqrt(2) median |d_1| / 0.6745 over the window,
    and every d_j[t] is shrunk towards 0 by noise * sqrt(2 ln window_bars / 2^j). Only the newest sample is taken, known
    at the close of bar t and final: it is not rewritten when t + 1 arrives, and tells nothing of t + 1 that the prices
    up to t do not. The smooth is (2^J - 1) / 2 bars late (7.5 by default); details that are kept take the lag away.
    Longer filters are not offered: at the last sample, where only the past can be averaged, they are later and less
    accurate.

    Warm-up: window_bars - 1 bars, one more for `change`. Any bar depends on its look-back alone, in every bit. NaN:
    while warming up; everything over noise where it is 0 (half of the closes or more equal their neighbours: then
    nothing is taken off); `kept_share` where all details are 0.

    Source: Donoho and Johnstone (1994), soft universal threshold; the sum over causal details: Renaud, Starck and
    Murtagh (2005).

    >>> wavelet_denoised().warm_up
    255
    """
    bound = spec or WaveletDenoisedSpec()
    params = wavelet_denoised_params(levels=bound.levels, window=bound.window_bars)
    outputs = _outputs(bound)
    machine = StepMachine(
        identity=f"wavelet_denoised@{bound.id}",
        step=wavelet_denoised_step,
        params=params,
        initial_state=wavelet_denoised_state(params),
        outputs=len(outputs),
    )
    look_back = bound.window_bars + 1
    return Feature(
        name="wavelet_denoised",
        label="wavelet_denoised",
        spec=bound,
        outputs=outputs,
        inputs=("close",),
        warm_up=bound.window_bars - 1,
        look_back=look_back,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=windowed_tail(machine.batch, look_back),
    )


register(
    FeatureDefinition(
        name="wavelet_denoised",
        summary="Log price less what its own window shows to be noise, by causal wavelet shrinkage",
        source="Donoho and Johnstone (1994); Renaud, Starck and Murtagh (2005)",
        spec_type=WaveletDenoisedSpec,
        build=wavelet_denoised,
    )
)
