"""Moving average convergence divergence: long while the MACD line is above its signal line."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.averages import mean_of
from augury.strategies.holding import wait
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.ordering import Below
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(POSITIONS)
def macd_trend(inputs: Any, params: Any, out: Any) -> None:
    """1 where fast average minus slow average lies above its own average of span `signal`, else 0 or -1.

    Both averages start at bar slow - 1, as plain means of the last `fast` and `slow` closes; the signal line starts as
    the mean of the first `signal` differences.
    """
    closes = inputs[3]
    n = out.shape[0]
    fast, slow, signal, below = int(params[0]), int(params[1]), int(params[2]), 0.0 - params[3]
    first = slow + signal - 2
    if wait(out, first) == n:
        return
    quick, calm = mean_of(closes, slow - fast, slow), mean_of(closes, 0, slow)
    quick_step, calm_step, line_step = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)
    total = quick - calm
    for t in range(slow, first + 1):
        quick += quick_step * (closes[t] - quick)
        calm += calm_step * (closes[t] - calm)
        total += quick - calm
    line = total / signal
    out[first] = 1.0 if quick - calm > line else below
    for t in range(first + 1, n):
        quick += quick_step * (closes[t] - quick)
        calm += calm_step * (closes[t] - calm)
        line += line_step * (quick - calm - line)
        out[t] = 1.0 if quick - calm > line else below


STRATEGY = Strategy(
    name="macd_trend",
    summary="Long while the MACD line is above its signal line; else flat, or short.",
    parameters=(
        Parameter(name="fast", default=12, low=1, high=500, meaning="span of the fast average in bars"),
        Parameter(name="slow", default=26, low=2, high=1000, meaning="span of the slow average in bars"),
        Parameter(name="signal", default=9, low=2, high=500, meaning="span of the signal line in bars"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: hold -1 instead of 0 while below"),
    ),
    form=CompiledForm(positions=macd_trend),
    rule=Below("fast", "slow"),
    warm_up=lambda values: int(values["slow"] + values["signal"]) - 2,
    source="Appel (2005), Technical Analysis: Power Tools for Active Investors",
    scale_free=True,
)
