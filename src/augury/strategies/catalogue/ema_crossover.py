"""Two exponential moving averages: long while the fast one is above the slow one."""

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
def ema_crossover(inputs: Any, params: Any, out: Any) -> None:
    """1 where the fast average of closes is above the slow one, else 0 or, with `short`, -1.

    Each average starts as the plain mean of its first `span` closes and then moves 2 / (span + 1) of the way to every
    new close.
    """
    closes = inputs[3]
    n = out.shape[0]
    fast, slow, below = int(params[0]), int(params[1]), 0.0 - params[2]
    if wait(out, slow - 1) == n:
        return
    quick, calm = mean_of(closes, 0, fast), mean_of(closes, 0, slow)
    quick_step, calm_step = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    for t in range(fast, slow):
        quick += quick_step * (closes[t] - quick)
    out[slow - 1] = 1.0 if quick > calm else below
    for t in range(slow, n):
        quick += quick_step * (closes[t] - quick)
        calm += calm_step * (closes[t] - calm)
        out[t] = 1.0 if quick > calm else below


STRATEGY = Strategy(
    name="ema_crossover",
    summary="Long while the fast exponential moving average of closes is above the slow one; else flat, or short.",
    parameters=(
        Parameter(name="fast", default=12, low=1, high=1000, meaning="span of the fast average in bars"),
        Parameter(name="slow", default=26, low=2, high=5000, meaning="span of the slow average in bars"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: hold -1 instead of 0 while below"),
    ),
    form=CompiledForm(positions=ema_crossover),
    rule=Below("fast", "slow"),
    warm_up=lambda values: int(values["slow"]) - 1,
    source="Appel (2005), Technical Analysis: Power Tools for Active Investors",
    scale_free=True,
)
