"""A moving average with a percentage band: crossed upwards to enter, downwards to leave."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.holding import next_position, wait
from augury.strategies.kernel_form import POSITIONS, PREPARE
from augury.strategies.running_sums import running_sums
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(PREPARE)
def sums_of_closes(bars: Any, inputs: Any) -> None:
    """Running sums of the closes."""
    running_sums(bars[3], inputs[0])


@kernel(POSITIONS)
def moving_average_envelope(inputs: Any, params: Any, out: Any) -> None:
    """Long from a close above mean * (1 + band) until one below mean * (1 - band); with `short` -1 from there.

    Close and mean are both taken from exact sums, so a price that stays where it is crosses nothing.
    """
    sums = inputs[0]
    n = out.shape[0]
    window, band, short = int(params[0]), params[1], params[2] != 0.0
    if wait(out, window - 1) == n:
        return
    held = 0.0
    for t in range(window - 1, n):
        total = sums[t] - (sums[t - window] if t >= window else 0.0)
        close = (sums[t] - (sums[t - 1] if t > 0 else 0.0)) * window
        above, below = close > total * (1.0 + band), close < total * (1.0 - band)
        held = next_position(held, above, below, short and below, above)
        out[t] = held


STRATEGY = Strategy(
    name="moving_average_envelope",
    summary="Long from a close above a band around the moving average until one below it.",
    parameters=(
        Parameter(name="window", default=50, low=2, high=5000, meaning="bars of the simple moving average"),
        Parameter(name="band", default=0.01, low=0, high=0.5, integer=False, meaning="half width, as a fraction"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: hold -1 instead of 0 below the band"),
    ),
    form=CompiledForm(positions=moving_average_envelope, prepare=sums_of_closes, rows=1),
    warm_up=lambda values: int(values["window"]) - 1,
    source="Brock, Lakonishok and LeBaron (1992), moving average rules with a 1 percent band",
    scale_free=True,
)
