"""Label: the strongest of the trends that begin at a bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from augury.errors import InvalidInput
from augury.learning.labels.horizon import known_labels
from augury.learning.labels.label import Label, Labels
from augury.learning.labels.registry import LabelDefinition, register_label
from augury.market.bars import BarArrays
from augury.spec import Spec

__all__ = ["TrendScanningSpec", "trend_scanning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendScanningSpec(Spec):
    """Windows of `shortest_bars` to `longest_bars` bars ahead are looked at.

    Trends whose t-value is below `least_t_value` in size are unknown, or the class "flat" with `three_classes`.
    `t_values` gives the t-value itself as a regression target.
    """

    shortest_bars: Annotated[int, Meta(ge=3, le=1_000)] = 5
    longest_bars: Annotated[int, Meta(ge=3, le=1_000)] = 20
    least_t_value: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    three_classes: bool = False
    t_values: bool = False

    def check(self) -> None:
        """Windows in order; a class "flat" needs a least t-value; a regression target has no classes."""
        if self.longest_bars < self.shortest_bars:
            raise InvalidInput(
                f"TrendScanningSpec.longest_bars = {self.longest_bars}: Expected at least shortest_bars = "
                f"{self.shortest_bars}"
            )
        if self.three_classes and self.least_t_value == 0.0:
            raise InvalidInput(
                "TrendScanningSpec.three_classes = True: Expected least_t_value above 0, such as 2, for 'flat'"
            )
        if self.t_values and (self.three_classes or self.least_t_value > 0.0):
            raise InvalidInput("TrendScanningSpec.t_values = True: Expected neither three_classes nor least_t_value")


def trend_scanning(spec: TrendScanningSpec) -> Label:
    """The sign (or value) of the slope's t-value, largest in size, over log closes t .. t + L of every length L.

    Ends at bar t + longest_bars whichever window won, for every window was looked at. t-values are cut to +-100. NaN
    for the last `longest_bars` bars; with two classes also where closes do not move at all or trends are too weak.
    Source: Lopez de Prado (2020), "Machine Learning for Asset Managers", section 5.4.
    """

    def make(bars: BarArrays) -> Labels:
        """The labels of every bar."""
        from augury.learning.labels.trend_kernel import strongest_trends  # a kernel

        found = strongest_trends(np.ascontiguousarray(bars.matrix[3]), spec.shortest_bars, spec.longest_bars)
        if spec.t_values:
            return known_labels(found, spec.longest_bars)
        up, flat = (2.0, 1.0) if spec.three_classes else (1.0, np.nan)
        weak = (found == 0.0) | (np.abs(found) < spec.least_t_value)
        values = np.where(weak, flat, np.where(found > 0.0, up, 0.0))
        values[np.isnan(found)] = np.nan
        return known_labels(values, spec.longest_bars)

    classes = ("down", "flat", "up") if spec.three_classes else ("down", "up")
    return Label(
        name="trend_scanning",
        spec=spec,
        classes=() if spec.t_values else classes,
        horizon=spec.longest_bars,
        make=make,
    )


register_label(
    LabelDefinition(
        name="trend_scanning",
        summary="Direction of the most significant of the trends that begin at the bar",
        source="Lopez de Prado (2020), section 5.4",
        spec_type=TrendScanningSpec,
        build=trend_scanning,
    )
)
