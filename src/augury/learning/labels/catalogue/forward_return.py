"""Label: the return over a fixed horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.learning.labels.horizon import Entry, known_labels, simple_forward_return
from augury.learning.labels.label import Label, Labels
from augury.learning.labels.registry import LabelDefinition, register_label
from augury.market.bars import BarArrays
from augury.spec import Spec

__all__ = ["ForwardReturnSpec", "forward_return"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardReturnSpec(Spec):
    """`horizon_bars` ahead, from the close of the bar or the open of the next one (`entry`).

    `scaled_by_volatility` divides by the standard deviation of the last `volatility_bars` log returns times the square
    root of `horizon_bars`, known at the bar.
    """

    horizon_bars: Annotated[int, Meta(ge=1, le=10_000)] = 5
    entry: Entry = "close"
    scaled_by_volatility: bool = False
    volatility_bars: Annotated[int, Meta(ge=2, le=10_000)] = 20


def forward_return(spec: ForwardReturnSpec) -> Label:
    """The simple return to the close of bar t + horizon_bars, a fraction, or in units of volatility.

    Ends at bar t + horizon_bars. NaN for the last `horizon_bars` bars and, scaled, for the first `volatility_bars` and
    wherever the trailing volatility is zero.
    """

    def make(bars: BarArrays) -> Labels:
        """The labels of every bar."""
        values = simple_forward_return(bars, spec.horizon_bars, spec.entry)
        if spec.scaled_by_volatility:
            from augury.learning.labels.volatility import horizon_volatility  # a kernel

            unit = horizon_volatility(bars.matrix[3], spec.volatility_bars, spec.horizon_bars)
            values = values / np.where(unit > 0.0, unit, np.nan)
        return known_labels(values, spec.horizon_bars)

    return Label(name="forward_return", spec=spec, classes=(), horizon=spec.horizon_bars, make=make)


register_label(
    LabelDefinition(
        name="forward_return",
        summary="Return over the next bars, plain or in units of the volatility known at the bar",
        source="standard",
        spec_type=ForwardReturnSpec,
        build=forward_return,
    )
)
