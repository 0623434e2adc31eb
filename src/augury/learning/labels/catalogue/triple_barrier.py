"""Label: which of an upper, a lower and a vertical barrier is met first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector, IntVector
from augury.learning.labels.label import Label, Labels
from augury.learning.labels.registry import LabelDefinition, register_label
from augury.market.bars import BarArrays
from augury.spec import Spec

__all__ = ["TripleBarrierSpec", "triple_barrier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TripleBarrierSpec(Spec):
    """Barriers `upper` and `lower` times the volatility of the horizon above and below the close, `horizon_bars` long.

    That volatility is the standard deviation of the last `volatility_bars` log returns, known at the bar, times the
    square root of `horizon_bars`. Paths that touch neither are the class "flat", or with `vertical="sign"` "up" or
    "down" by the sign of their return.
    """

    horizon_bars: Annotated[int, Meta(ge=1, le=10_000)] = 10
    upper: Annotated[float, Meta(gt=0.0, le=100.0)] = 1.0
    lower: Annotated[float, Meta(gt=0.0, le=100.0)] = 1.0
    volatility_bars: Annotated[int, Meta(ge=2, le=10_000)] = 20
    vertical: Literal["flat", "sign"] = "flat"


def triple_barrier(spec: TripleBarrierSpec) -> Label:
    """Class of the barrier that bars t + 1 .. t + horizon_bars touch first, by their highs and lows.

    A bar that opens beyond a barrier has touched that one. Of two barriers touched within one bar the lower counts, so
    that no gain is assumed that may have been stopped out before. Ends at the bar of the touch, else at bar
    t + horizon_bars. NaN for the first `volatility_bars` bars, where the volatility is zero, and where the series ends
    before a barrier is met. Source: Lopez de Prado (2018), chapter 3, sections 3.3 to 3.5.
    """

    def make(bars: BarArrays) -> Labels:
        """The labels of every bar."""
        from augury.learning.labels.barrier_kernel import first_touches  # kernels
        from augury.learning.labels.volatility import horizon_volatility

        close = bars.matrix[3]
        unit = horizon_volatility(close, spec.volatility_bars, spec.horizon_bars)
        unit = np.where(unit > 0.0, unit, np.nan)
        barriers = np.stack([close * np.exp(spec.upper * unit), close * np.exp(-spec.lower * unit)])
        touched, end = np.empty(len(bars)), np.empty(len(bars), dtype=np.int64)
        first_touches(np.ascontiguousarray(bars.matrix), barriers, spec.horizon_bars, touched, end)
        if spec.vertical == "flat":
            return Labels(values=touched + 1.0, end=end)
        return Labels(values=_signed(touched, close, end), end=end)

    classes = ("down", "flat", "up") if spec.vertical == "flat" else ("down", "up")
    return Label(name="triple_barrier", spec=spec, classes=classes, horizon=spec.horizon_bars, make=make)


def _signed(touched: FloatVector, close: FloatVector, end: IntVector) -> FloatVector:
    """Two classes: the barrier touched, or the sign of the return at the vertical one (zero is "down")."""
    up = np.where(touched == 0.0, close[end] > close, touched > 0.0)
    return np.where(np.isnan(touched), np.nan, up)


register_label(
    LabelDefinition(
        name="triple_barrier",
        summary="The first of a profit, a loss and a time barrier, in units of the volatility known at the bar",
        source="Lopez de Prado (2018), chapter 3",
        spec_type=TripleBarrierSpec,
        build=triple_barrier,
    )
)
