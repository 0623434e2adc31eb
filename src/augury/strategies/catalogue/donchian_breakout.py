"""Donchian channels, the turtles' rule: in with a new extreme of the long channel, out at one of the short channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.strategies.holding import next_position, wait
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.rolling_extreme import rolling_extreme
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(POSITIONS)
def donchian_breakout(inputs: Any, params: Any, out: Any) -> None:
    """Long from a close above the highest high of `entry_window` bars until one below the lowest low of `exit_window`.

    With `short` the mirror image too: -1 from a close below the lowest low, until one above the highest high. A bar is
    never part of the channel that it is compared with.
    """
    highs, lows, closes = inputs[1], inputs[2], inputs[3]
    n = out.shape[0]
    entry, leave, short = int(params[0]), int(params[1]), params[2] != 0.0
    if wait(out, entry) == n:
        return
    ceiling, stop = np.empty(n), np.empty(n)
    rolling_extreme(highs, entry, 1.0, ceiling)
    rolling_extreme(lows, leave, -1.0, stop)
    floor, cover = stop, ceiling
    if short:
        floor, cover = np.empty(n), np.empty(n)
        rolling_extreme(lows, entry, -1.0, floor)
        rolling_extreme(highs, leave, 1.0, cover)
    held = 0.0
    for t in range(entry, n):
        close = closes[t]
        held = next_position(
            held,
            close > ceiling[t - 1],
            close < stop[t - 1],
            short and close < floor[t - 1],
            close > cover[t - 1],
        )
        out[t] = held


STRATEGY = Strategy(
    name="donchian_breakout",
    summary="Long from a close above the channel of the last highs until one below the shorter channel of lows.",
    parameters=(
        Parameter(name="entry_window", default=20, low=2, high=5000, meaning="bars of the channel broken to enter"),
        Parameter(name="exit_window", default=10, low=1, high=5000, meaning="bars of the channel broken to leave"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: the mirror image on the short side too"),
    ),
    form=CompiledForm(positions=donchian_breakout),
    rule=lambda values: (
        None if values["exit_window"] <= values["entry_window"] else "exit_window should not be above entry_window"
    ),
    warm_up=lambda values: int(values["entry_window"]),
    source="Faith (2003), The Original Turtle Trading Rules",
    scale_free=True,
)
