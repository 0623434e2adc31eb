"""Least-squares line of returns on a benchmark's returns, with standard errors."""

from __future__ import annotations

from math import nan, sqrt
from typing import NamedTuple

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import lane_sum, lane_sum_products, mean_and_std

__all__ = ["Line", "line_through"]


class Line(NamedTuple):
    """x = intercept + slope * b with classical standard errors (NaN under three bars)."""

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float


def line_through(x: FloatVector, b: FloatVector) -> Line:
    """The line of x on b, both float64[n]; NaN under two bars or when b does not vary."""
    mean, deviation = mean_and_std(b)
    if not deviation > 0.0:
        return Line(nan, nan, nan, nan)
    n, level = x.size, lane_sum(x) / x.size
    centred, rest = b - mean, x - level
    spread = lane_sum_products(centred, centred)
    slope = lane_sum_products(centred, rest) / spread
    intercept = level - slope * mean
    if n < 3:
        return Line(intercept, slope, nan, nan)
    residuals = rest - slope * centred
    variance = lane_sum_products(residuals, residuals) / (n - 2)
    return Line(intercept, slope, sqrt(variance * (1.0 / n + mean * mean / spread)), sqrt(variance / spread))
