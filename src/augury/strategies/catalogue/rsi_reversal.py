"""Wilder's relative strength index: in when it says oversold, out when it has recovered."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.holding import next_position, wait
from augury.strategies.kernel_form import POSITIONS, PREPARE
from augury.strategies.ordering import Below
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(PREPARE)
def gains_and_losses(bars: Any, inputs: Any) -> None:
    """Rises and falls of the close from bar to bar, both as numbers that are not negative."""
    closes, gains, losses = bars[3], inputs[0], inputs[1]
    gains[0] = losses[0] = 0.0
    for t in range(1, closes.shape[0]):
        change = closes[t] - closes[t - 1]
        gains[t] = change if change > 0.0 else 0.0
        losses[t] = -change if change < 0.0 else 0.0


@kernel(POSITIONS)
def rsi_reversal(inputs: Any, params: Any, out: Any) -> None:
    """Long from an index below `oversold` until one above `recovered`; with `short` the mirror image about 50 too.

    The index 100 * gain / (gain + loss) is compared without dividing: prices that never moved have none and decide
    nothing. The averages start as plain means of the first `window` changes.
    """
    gains, losses = inputs[0], inputs[1]
    n = out.shape[0]
    window, oversold, recovered, short = int(params[0]), params[1], params[2], params[3] != 0.0
    if wait(out, window) == n:
        return
    gain, loss = 0.0, 0.0
    for t in range(1, window + 1):
        gain += gains[t]
        loss += losses[t]
    gain /= window
    loss /= window
    step = 1.0 / window
    held = 0.0
    for t in range(window, n):
        if t > window:
            gain += step * (gains[t] - gain)
            loss += step * (losses[t] - loss)
        level, whole = 100.0 * gain, gain + loss
        held = next_position(
            held,
            level < oversold * whole,
            level > recovered * whole,
            short and level > (100.0 - oversold) * whole,
            level < (100.0 - recovered) * whole,
        )
        out[t] = held


STRATEGY = Strategy(
    name="rsi_reversal",
    summary="Long from an oversold relative strength index until it has recovered.",
    parameters=(
        Parameter(name="window", default=14, low=2, high=1000, meaning="bars of Wilder's averages"),
        Parameter(name="oversold", default=30, low=1, high=50, integer=False, meaning="index below which to enter"),
        Parameter(name="recovered", default=50, low=2, high=99, integer=False, meaning="index above which to leave"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: the mirror image on the short side too"),
    ),
    form=CompiledForm(positions=rsi_reversal, prepare=gains_and_losses, rows=2),
    rule=Below("oversold", "recovered"),
    warm_up=lambda values: int(values["window"]),
    source="Wilder (1978), New Concepts in Technical Trading Systems, section VI",
    scale_free=True,
)
