"""Time-series momentum: long after a rise, its last bars left out on request."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.holding import wait
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.ordering import Below
from augury.strategies.strategy import CompiledForm, Parameter, Strategy

__all__ = ["STRATEGY"]


@kernel(POSITIONS)
def momentum(inputs: Any, params: Any, out: Any) -> None:
    """1 where the close `skip` bars ago is above that `look_back` bars ago, else 0 or, with `short`, -1."""
    closes = inputs[3]
    n = out.shape[0]
    look_back, skip, below = int(params[0]), int(params[1]), 0.0 - params[2]
    if wait(out, look_back) == n:
        return
    decided, recent, old = out[look_back:], closes[look_back - skip : n - skip], closes[: n - look_back]
    for t in range(decided.shape[0]):
        decided[t] = 1.0 if recent[t] > old[t] else below


STRATEGY = Strategy(
    name="momentum",
    summary="Long while the close is above that of `look_back` bars ago; else flat, or short.",
    parameters=(
        Parameter(name="look_back", default=252, low=1, high=5000, meaning="bars from the old close to now"),
        Parameter(name="skip", default=21, low=0, high=1000, meaning="last bars that are left out of the rise"),
        Parameter(name="short", default=0, low=0, high=1, meaning="1: hold -1 instead of 0 after a fall"),
    ),
    form=CompiledForm(positions=momentum),
    rule=Below("skip", "look_back"),
    warm_up=lambda values: int(values["look_back"]),
    source="Moskowitz, Ooi and Pedersen (2012), Time Series Momentum; the skip: Jegadeesh and Titman (1993)",
    scale_free=True,
)
