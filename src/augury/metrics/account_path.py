"""What the measures of one curve share: its returns, their moments, the reasons why some cannot be had."""

from __future__ import annotations

import math

import numpy as np

from augury.metrics import curve_kernels
from augury.metrics.records import Curve
from augury.metrics.returns.shape import skewness_and_kurtosis
from augury.metrics.returns.sharpe_autocorrelated import autocorrelations, bandwidth
from augury.metrics.side_kernels import sided_sums

__all__ = ["NO_VARIATION", "UNKNOWN_YEAR", "AccountPath"]

NO_VARIATION = "the returns do not vary"
UNKNOWN_YEAR = "how many bars make a year is not known (periods_per_year)"
_YEAR_SHARE = 0.95  # of a year's bars: 240 daily sessions count as a year


class AccountPath:
    """A curve with what several measures need, computed once."""

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
        self.returns = np.empty(0 if self.obstacle else self.bars)
        if not self.obstacle:
            curve_kernels.returns_of(self.initial, self.equity, self.returns)
        self.mean, self.deviation = curve_kernels.mean_and_std(self.returns)
        self.shape = skewness_and_kurtosis(self.returns)
        self.sides = sided_sums(self.returns)
        self.correlations = autocorrelations(self.returns, max(bandwidth(self.bars), 1))

    def _obstacle(self) -> str:
        """Why there are no returns; empty when there are."""
        if self.bars == 0:
            return "there are no bars"
        if float(self.equity.min()) > 0.0:
            return ""
        at = int(np.flatnonzero(~(self.equity > 0.0))[0])
        return f"the account was lost: equity fell to {self.equity[at]:g} at bar {at}"

    def annual_reason(self, otherwise: str) -> str:
        """Why an annual measure is undefined."""
        return UNKNOWN_YEAR if math.isnan(self.annual) else otherwise
