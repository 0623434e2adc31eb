"""Keltner channels: in with a close several average true ranges from the moving average, out back at the average."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.averages import mean_of
from augury.strategies.holding import next_position, wait
from augury.strategies.kernel_form import POSITIONS, PREPARE
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(PREPARE)
def closes_and_true_ranges(bars: Any, inputs: Any) -> None:
    """Closes, and the reach of every bar with the close before it included."""
    highs, lows, closes = bars[1], bars[2], bars[3]
    inputs[0, 0] = closes[0]
    inputs[1, 0] = highs[0] - lows[0]
    for t in range(1, closes.shape[0]):
        inputs[0, t] = closes[t]
        inputs[1, t] = max(highs[t], closes[t - 1]) - min(lows[t], closes[t - 1])


@kernel(POSITIONS)
def keltner_breakout(inputs: Any, params: Any, out: Any) -> None:
    """Long from a close above average + `width` true ranges until one below the average; with `short` mirrored too.

    The middle is an exponential average of span `window`, the range Wilder's average over `range_window` bars; both
    start as plain means.
    """
    closes, ranges = inputs[0], inputs[1]
    n = out.shape[0]
    window, range_window, width, short = int(params[0]), int(params[1]), params[2], params[3] != 0.0
    first = max(window - 1, range_window)
    if wait(out, first) == n:
        return
    middle, reach = mean_of(closes, 0, window), mean_of(ranges, 1, range_window + 1)
    middle_step, reach_step = 2.0 / (window + 1.0), 1.0 / range_window
    for t in range(window, first):
        middle += middle_step * (closes[t] - middle)
    for t in range(range_window + 1, first):
        reach += reach_step * (ranges[t] - reach)
    held = 0.0
    for t in range(first, n):
        if t >= window:
            middle += middle_step * (closes[t] - middle)
        if t > range_window:
            reach += reach_step * (ranges[t] - reach)
        off, band = closes[t] - middle, width * reach
        held = next_position(held, off > band, off < 0.0, short and off < -band, off > 0.0)
        out[t] = held


STRATEGY = Strategy(
    name="keltner_breakout",
    summary="Long from a close above the Keltner channel until it falls below the moving average.",
    parameters=(
        Parameter(name="window", default=20, low=1, high=5000, meaning="span of the moving average in bars"),
        Parameter(name="range_window", default=10, low=1, high=1000, meaning="bars of Wilder's average true range"),
        Parameter(name="width", default=2, low=0, high=20, integer=False, meaning="true ranges from middle to band"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: the mirror image on the short side too"),
    ),
    form=CompiledForm(positions=keltner_breakout, prepare=closes_and_true_ranges, rows=2),
    warm_up=lambda values: int(max(values["window"] - 1, values["range_window"])),
    source="Keltner (1960), with the exponential average and true range of Connors and Raschke (1995), Street Smarts",
    scale_free=True,
)
