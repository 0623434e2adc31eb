"""Bollinger bands: in below the lower band, out at the mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.strategies.holding import next_position, wait
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.strategy import CompiledForm, Parameter, Strategy
from augury.strategies.window_moments import window_moments

__all__ = ["STRATEGY"]


@kernel(POSITIONS)
def bollinger_reversal(inputs: Any, params: Any, out: Any) -> None:
    """Long from a close more than `width` deviations below its mean until one not below the mean.

    With `short` the mirror image too. The deviation is that of the population of `window` closes; a window of equal
    closes has no bands and enters nothing.
    """
    n = out.shape[0]
    window, squared_width, short = int(params[0]), params[1] * params[1], params[2] != 0.0
    if wait(out, window - 1) == n:
        return
    distance, variance = np.empty(n), np.empty(n)
    window_moments(inputs[3], window, distance, variance)
    held = 0.0
    for t in range(window - 1, n):
        off = distance[t]
        outside = off * off > squared_width * variance[t]
        held = next_position(held, outside and off < 0.0, off >= 0.0, short and outside and off > 0.0, off <= 0.0)
        out[t] = held


STRATEGY = Strategy(
    name="bollinger_reversal",
    summary="Long from a close below the lower Bollinger band until it is back at the mean.",
    parameters=(
        Parameter(name="window", default=20, low=2, high=5000, meaning="bars of the mean and the deviation"),
        Parameter(name="width", default=2, low=0.1, high=10, integer=False, meaning="deviations from mean to band"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: the mirror image on the short side too"),
    ),
    form=CompiledForm(positions=bollinger_reversal),
    warm_up=lambda values: int(values["window"]) - 1,
    source="Bollinger (2001), Bollinger on Bollinger Bands",
    scale_free=True,
)
