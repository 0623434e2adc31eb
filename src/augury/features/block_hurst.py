"""What the rescaled-range and the DFA feature share: options, outputs and the feature built from a block method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np

from augury.features.feature import Feature, Output
from augury.features.hurst_exponent import RescaledRangeCorrection, block_sizes, expected_rescaled_range
from augury.features.noise_tables import hurst_noise
from augury.features.stepping import StepMachine
from augury.features.windowed_tail import windowed_tail
from augury.numerics.hurst_block_kernels import DFA, RESCALED_RANGE, block_initial_state, block_params, block_step
from augury.spec import Spec

__all__ = ["BlockHurstSpec", "block_hurst", "block_machine"]

_OUTPUTS = (
    Output(name="exponent", meaning="Hurst exponent when last computed: 0.5 for a random walk"),
    Output(name="z", meaning="exponent less its mean on noise, in standard deviations on noise"),
    Output(name="trending", meaning="1 where z > 1.645; about 5 % of the bars of a random walk", flag=True),
    Output(name="mean_reverting", meaning="1 where z < -1.645; about 5 % of the bars of a random walk", flag=True),
    Output(name="fractal_dimension", meaning="2 - exponent"),
    Output(name="age", meaning="bars since the exponent was computed", bounds=(0.0, None)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHurstSpec(Spec):
    """Options of the block methods: log returns in the window, and bars from one computation to the next."""

    window_bars: Annotated[int, msgspec.Meta(ge=50, le=1000)] = 250
    step_bars: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 5


def block_machine(
    method: Literal["dfa", "rs"], spec: BlockHurstSpec, null: tuple[float, float], identity: str
) -> StepMachine:
    """The step machine of a block method with the mean and standard deviation of its exponent on noise."""
    sizes = block_sizes(spec.window_bars)
    correction: RescaledRangeCorrection = "peters" if method == "rs" else "none"
    expected = np.array([expected_rescaled_range(int(size), correction) for size in sizes])
    return StepMachine(
        identity=identity,
        step=block_step,
        params=block_params(
            window=spec.window_bars,
            step_bars=spec.step_bars,
            method=RESCALED_RANGE if method == "rs" else DFA,
            null=null,
            sizes=sizes.astype(np.float64),
            expected=expected,
        ),
        initial_state=block_initial_state(spec.window_bars),
        outputs=len(_OUTPUTS),
    )


def block_hurst(name: str, method: Literal["dfa", "rs"], spec: BlockHurstSpec) -> Feature:
    """A rolling block exponent of the last `window_bars` log returns, computed every `step_bars` bars and held between.

    NaN until the window is full, and after a window that was constant until the next computation. A value at t uses
    closes up to t and is known at the close of t; `age` says how many bars old it is. The null of the flags is
    independent Gaussian log returns.
    """
    machine = block_machine(method, spec, hurst_noise(method, spec.window_bars), f"{name}@{spec.id}")
    look_back = spec.window_bars + spec.step_bars
    return Feature(
        name=name,
        label=name,
        spec=spec,
        outputs=_OUTPUTS,
        inputs=("close",),
        warm_up=spec.window_bars,
        look_back=look_back,
        batch=machine.batch,
        open_stream=machine.open_stream,
        tail=windowed_tail(machine.batch, look_back, align=spec.step_bars),
    )
