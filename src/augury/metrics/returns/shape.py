"""Skewness and kurtosis together."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.curve_kernels import lane_sum, lane_sum_products, mean_and_std

__all__ = ["skewness_and_kurtosis"]


def skewness_and_kurtosis(x: FloatVector) -> tuple[float, float]:
    """Population skewness and raw kurtosis of checked float64[n], centred on the mean; NaN when x does not vary."""
    mean, deviation = mean_and_std(x)
    if not deviation > 0.0:
        return math.nan, math.nan
    centred = x - mean
    squares = centred * centred
    second = lane_sum(squares) / x.size
    skew = lane_sum_products(squares, centred) / x.size / (second * math.sqrt(second))
    return skew, lane_sum_products(squares, squares) / x.size / (second * second)
