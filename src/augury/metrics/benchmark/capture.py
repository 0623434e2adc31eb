"""Geometric mean returns over the bars on which a benchmark rose or fell."""

from __future__ import annotations

from math import expm1, isfinite, nan

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import captured_growth

__all__ = ["capture"]


def capture(x: FloatVector, b: FloatVector, sign: float) -> float:
    """Geometric mean of x over that of b on bars with sign * b > 0, float64[n] each; NaN when none is, or one is -1."""
    own, other, count = captured_growth(x, b, sign)
    if count == 0 or not (isfinite(own) and isfinite(other)):
        return nan
    return ratio(expm1(own / count), expm1(other / count))
