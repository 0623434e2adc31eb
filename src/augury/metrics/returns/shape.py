"""Skewness and kurtosis together."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import mean_and_std
from augury.metrics.moment_kernels import central_sums

__all__ = ["shape_of_sums", "skewness_and_kurtosis"]


def skewness_and_kurtosis(x: FloatVector) -> tuple[float, float]:
    """Population skewness and raw kurtosis of checked float64[n], centred on the mean; NaN when x does not vary."""
    mean, deviation = mean_and_std(x)
    if not deviation > 0.0:
        return math.nan, math.nan
    return shape_of_sums(*central_sums(x, mean), x.size)


def shape_of_sums(squares: float, cubes: float, fourths: float, n: int) -> tuple[float, float]:
    """Population skewness and raw kurtosis from the sums of the powers of n centred values that vary."""
    second = squares / n
    return cubes / n / (second * math.sqrt(second)), fourths / n / (second * second)
