"""Worst bar."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import vector

__all__ = ["worst_bar"]


def worst_bar(returns: FloatVector) -> float:
    """The least bar return of float64[n]; NaN without bars.

    >>> worst_bar([0.01, -0.02])
    -0.02
    """
    x = vector(returns, "returns")
    return float(x.min()) if x.size else math.nan
