"""Best bar."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.checked import vector

__all__ = ["best_bar"]


def best_bar(returns: FloatVector) -> float:
    """The greatest bar return of float64[n]; NaN without bars.

    >>> best_bar([0.01, -0.02])
    0.01
    """
    x = vector(returns, "returns")
    return float(x.max()) if x.size else math.nan
