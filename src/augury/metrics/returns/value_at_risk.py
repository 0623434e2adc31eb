"""Historical value at risk."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.returns.quantile import ordered_around, quantile_of_sorted

__all__ = ["value_at_risk"]


def value_at_risk(returns: FloatVector, *, level: float = 0.05) -> float:
    """The bar return that the worst share `level` of bars fall below: the empirical quantile, its sign kept.

    returns float64[n], not annualised. NaN without bars; under 100 bars `measure` flags it. quantstats draws it from a
    normal distribution instead, which is another number.

    >>> round(value_at_risk([0.01, 0.02, 0.03, -0.01, 0.0, 0.015, -0.02]), 6)
    -0.017
    """
    return quantile_of_sorted(ordered_around(vector(returns, "returns"), level), level)
