"""Buy and hold: the benchmark every strategy has to beat."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel
from augury.strategies.kernel_form import POSITIONS
from augury.strategies.strategy import CompiledForm, Strategy

__all__ = ["STRATEGY"]


@kernel(POSITIONS)
def buy_and_hold(inputs: Any, params: Any, out: Any) -> None:  # noqa: ARG001
    """Fully invested at every bar."""
    for t in range(out.shape[0]):
        out[t] = 1.0


STRATEGY = Strategy(
    name="buy_and_hold",
    summary="Fully invested from the first bar on.",
    parameters=(),
    form=CompiledForm(positions=buy_and_hold),
    warm_up=lambda _: 0,
    scale_free=True,
)
