"""Label: up or down over a fixed horizon, with a dead band in units of volatility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.learning.labels.horizon import Entry, known_labels, simple_forward_return
from augury.learning.labels.label import Label, Labels
from augury.learning.labels.registry import LabelDefinition, register_label
from augury.market.bars import BarArrays
from augury.spec import Spec

__all__ = ["DirectionSpec", "direction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionSpec(Spec):
    """The sign of the return `horizon_bars` ahead, from the close of the bar or the open of the next one (`entry`).

    Log returns within `dead_band` times the volatility of the horizon (that of the last `volatility_bars` log returns
    times the square root of `horizon_bars`, known at the bar) are unknown, or the class "flat" with `three_classes`.
    """

    horizon_bars: Annotated[int, Meta(ge=1, le=10_000)] = 5
    dead_band: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0
    three_classes: bool = False
    entry: Entry = "close"
    volatility_bars: Annotated[int, Meta(ge=2, le=10_000)] = 20

    def check(self) -> None:
        """A class "flat" needs a band that is not empty."""
        if self.three_classes and self.dead_band == 0.0:
            raise InvalidInput(
                "DirectionSpec.three_classes = True: Expected dead_band above 0, such as 0.5, for the class 'flat'"
            )


def direction(spec: DirectionSpec) -> Label:
    """Class "up" or "down" (or "flat") of the return to the close of bar t + horizon_bars.

    Ends at bar t + horizon_bars. Without a dead band a return of exactly zero is "down", as in Jiang, Kelly and Xiu
    (2023), who label returns above zero. NaN for the last `horizon_bars` bars; with a dead band also for the first
    `volatility_bars` and, with two classes, inside the band (its edges included).
    """

    def make(bars: BarArrays) -> Labels:
        """The labels of every bar."""
        returns = np.log1p(simple_forward_return(bars, spec.horizon_bars, spec.entry))
        if spec.dead_band == 0.0:
            return known_labels(np.where(np.isnan(returns), np.nan, returns > 0.0), spec.horizon_bars)
        from augury.learning.labels.volatility import horizon_volatility  # a kernel

        unit = horizon_volatility(bars.matrix[3], spec.volatility_bars, spec.horizon_bars)
        return known_labels(_banded(returns, spec.dead_band * unit, spec.three_classes), spec.horizon_bars)

    classes = ("down", "flat", "up") if spec.three_classes else ("down", "up")
    return Label(name="direction", spec=spec, classes=classes, horizon=spec.horizon_bars, make=make)


def _banded(returns: FloatVector, band: FloatVector, three_classes: bool) -> FloatVector:
    up, flat = (2.0, 1.0) if three_classes else (1.0, np.nan)
    values = np.where(returns > band, up, np.where(returns < -band, 0.0, flat))
    values[np.isnan(returns) | np.isnan(band)] = np.nan
    return values


register_label(
    LabelDefinition(
        name="direction",
        summary="Up or down over the next bars; small moves are unknown or flat",
        source="Jiang, Kelly and Xiu (2023), section II, for the plain sign",
        spec_type=DirectionSpec,
        build=direction,
    )
)
