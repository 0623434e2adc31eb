"""Two simple moving averages: long while the fast one is above the slow one."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.kernel_form import POSITIONS, PREPARE
from augury.strategies.ordering import Below
from augury.strategies.running_sums import running_sums
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(PREPARE)
def sums_of_closes(bars: Any, inputs: Any) -> None:
    """Running sums of the closes."""
    running_sums(bars[3], inputs[0])


@kernel(POSITIONS)
def sma_crossover(inputs: Any, params: Any, out: Any) -> None:
    """1 where the mean of the last `fast` closes is above that of the last `slow`, else 0 or, with `short`, -1.

    Means are compared as sums times the other length, so no division rounds and equal means are equal.
    """
    sums = inputs[0]
    n = out.shape[0]
    fast, slow, below = int(params[0]), int(params[1]), 0.0 - params[2]
    for t in range(min(slow - 1, n)):
        out[t] = 0.0
    if n < slow:
        return
    first = (sums[slow - 1] - sums[slow - 1 - fast]) * slow > sums[slow - 1] * fast
    out[slow - 1] = 1.0 if first else below
    now, before_fast, before_slow, decided = sums[slow:], sums[slow - fast : n - fast], sums[: n - slow], out[slow:]
    for t in range(decided.shape[0]):
        above = (now[t] - before_fast[t]) * slow > (now[t] - before_slow[t]) * fast
        decided[t] = 1.0 if above else below


STRATEGY = Strategy(
    name="sma_crossover",
    summary="Long while the fast simple moving average of closes is above the slow one; else flat, or short.",
    parameters=(
        Parameter(name="fast", default=20, low=1, high=1000, meaning="bars of the fast average"),
        Parameter(name="slow", default=50, low=2, high=5000, meaning="bars of the slow average"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: hold -1 instead of 0 while below"),
    ),
    form=CompiledForm(positions=sma_crossover, prepare=sums_of_closes, rows=1),
    rule=Below("fast", "slow"),
    warm_up=lambda values: int(values["slow"]) - 1,
    source="Brock, Lakonishok and LeBaron (1992), variable-length moving average rules",
    scale_free=True,
)
