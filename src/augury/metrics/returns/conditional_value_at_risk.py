"""Historical conditional value at risk (expected shortfall)."""

from __future__ import annotations

import math

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import lane_sum
from augury.metrics.returns.quantile import ordered_around, quantile_of_sorted

__all__ = ["conditional_value_at_risk", "shortfall", "shortfall_of_sorted"]


def shortfall(x: FloatVector, value_at_risk: float) -> float:
    """Mean of the values of float64[n] at or below `value_at_risk`, added in ascending order; NaN when empty."""
    return shortfall_of_sorted(np.sort(x[x <= value_at_risk]), value_at_risk)


def shortfall_of_sorted(ordered: FloatVector, value_at_risk: float) -> float:
    """`shortfall` of values that are sorted, or of all those at or below `value_at_risk`, sorted."""
    worst = ordered[: int(np.searchsorted(ordered, value_at_risk, side="right"))]
    return lane_sum(worst) / worst.size if worst.size else math.nan


def conditional_value_at_risk(returns: FloatVector, *, level: float = 0.05) -> float:
    """Mean of the bar returns at or below `value_at_risk`, sign kept: what a bad bar costs on average.

    returns float64[n], not annualised. NaN without bars; under 100 bars `measure` flags it. Rockafellar and Uryasev
    (2000), from the empirical distribution.

    >>> round(conditional_value_at_risk([0.01, 0.02, 0.03, -0.01, 0.0, 0.015, -0.02]), 6)
    -0.02
    """
    x = vector(returns, "returns")
    return shortfall(x, quantile_of_sorted(ordered_around(x, level), level))
