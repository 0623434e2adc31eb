"""Feature: the generalised Hurst exponent of a rolling window, tested against noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.features.feature import Feature, Output
from augury.features.noise_tables import hurst_noise
from augury.features.registry import FeatureDefinition, register
from augury.features.stepping import StepMachine
from augury.features.windowed_tail import windowed_tail
from augury.numerics.hurst_ghe_kernels import ghe_initial_state, ghe_params, ghe_step
from augury.spec import Spec

__all__ = ["HurstSpec", "hurst"]

_OUTPUTS = (
    Output(name="exponent", meaning="generalised Hurst exponent, q = 1, lags 1..19: 0.5 for a random walk"),
    Output(name="z", meaning="exponent less its mean on noise, in standard deviations on noise"),
    Output(name="trending", meaning="1 where z > 1.645; about 5 % of the bars of a random walk", flag=True),
    Output(name="mean_reverting", meaning="1 where z < -1.645; about 5 % of the bars of a random walk", flag=True),
    Output(name="fractal_dimension", meaning="2 - exponent"),
    Output(name="robust", meaning="the exponent from q = 0.5, less moved by single large bars; a diagnostic"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HurstSpec(Spec):
    """Options of the rolling generalised Hurst exponent: the number of closes in the window."""

    window_bars: Annotated[int, msgspec.Meta(ge=50, le=1000)] = 250


def hurst(spec: HurstSpec) -> Feature:
    """The generalised Hurst exponent of the last `window_bars` log closes, exact and in 19 additions a bar.

    NaN until the window is full and where the price did not move at some lag. A value at t uses closes up to t and is
    known at the close of t. The null of the flags is independent Gaussian log returns, of whose bars each
    marks 5 %; in windows of 250 they find fractional noise of exponent 0.7 (0.3) in 92 % (97 %) of cases, 0.6 (0.4) in
    48 % (46 %). Any bar depends on the window alone, in every bit. Di Matteo, Aste and Dacorogna (2003).
    """
    identity = f"hurst@{spec.id}"
    machine = StepMachine(
        identity=identity,
        step=ghe_step,
        params=ghe_params(spec.window_bars, *hurst_noise("ghe", spec.window_bars)),
        initial_state=ghe_initial_state(spec.window_bars),
        outputs=len(_OUTPUTS),
    )
    return Feature(
        name="hurst",
        label="hurst",
        spec=spec,
        outputs=_OUTPUTS,
        inputs=("close",),
        warm_up=spec.window_bars - 1,
        look_back=spec.window_bars,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=windowed_tail(machine.batch, spec.window_bars),
    )


register(
    FeatureDefinition(
        name="hurst",
        summary="Generalised Hurst exponent of log prices with a test against a random walk",
        source="Di Matteo, Aste and Dacorogna (2003)",
        spec_type=HurstSpec,
        build=hurst,
    )
)
