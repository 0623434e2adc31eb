"""What the measures of one curve share: its returns, their moments, the reasons why some cannot be had."""

from __future__ import annotations

import math

import numpy as np

from augury.metrics.checked import vector
from augury.metrics.curve_kernels import deviation_of, returns_with_sum
from augury.metrics.moment_kernels import central_sums, extremes
from augury.metrics.records import Curve
from augury.metrics.returns.shape import shape_of_sums
from augury.metrics.returns.sharpe_autocorrelated import bandwidth, correlations_around
from augury.metrics.scratch import scratch
from augury.metrics.side_kernels import sided_sums

__all__ = ["NO_VARIATION", "UNKNOWN_YEAR", "AccountPath"]

NO_VARIATION = "the returns do not vary"
UNKNOWN_YEAR = "how many bars make a year is not known (periods_per_year)"
_YEAR_SHARE = 0.95  # of a year's bars: 240 daily sessions count as a year


class AccountPath:
    """A curve with what several measures need, computed once; its returns last until the thread's next path."""

    __slots__ = (
        "annual",
        "bars",
        "correlations",
        "curve",
        "deviation",
        "equity",
        "initial",
        "mean",
        "obstacle",
        "returns",
        "shape",
        "short",
        "sides",
    )

    def __init__(self, curve: Curve) -> None:
        self.curve, self.equity, self.initial = curve, curve.equity, float(curve.initial_cash)
        self.annual, self.bars = float(curve.periods_per_year), curve.equity.size
        self.short: tuple[str, ...] = ("short_sample",) if self.bars < _YEAR_SHARE * self.annual else ()
        self.obstacle = self._obstacle()
        self.returns = scratch(0 if self.obstacle else self.bars)
        self.mean = math.nan
        if not self.obstacle:
            self.mean = returns_with_sum(self.initial, self.equity, self.returns) / self.bars
        x = vector(self.returns, "returns")
        sums = central_sums(x, self.mean)
        self.deviation = deviation_of(sums[0], self.mean, x.size)
        self.shape = shape_of_sums(*sums, x.size) if self.deviation > 0.0 else (math.nan, math.nan)
        self.sides = sided_sums(x)
        self.correlations = correlations_around(x, self.mean, sums[0], max(bandwidth(self.bars), 1))

    def _obstacle(self) -> str:
        """Why there are no returns; empty when there are."""
        if self.bars == 0:
            return "there are no bars"
        if extremes(self.equity)[0] > 0.0:
            return ""
        at = int(np.flatnonzero(~(self.equity > 0.0))[0])
        return f"the account was lost: equity fell to {self.equity[at]:g} at bar {at}"

    def annual_reason(self, otherwise: str) -> str:
        """Why an annual measure is undefined."""
        return UNKNOWN_YEAR if math.isnan(self.annual) else otherwise
