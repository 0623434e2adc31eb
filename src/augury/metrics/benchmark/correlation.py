"""Correlation with the benchmark."""

from __future__ import annotations

from math import nan

from augury.arrays import FloatVector
from augury.metrics.benchmark.paired import paired
from augury.metrics.curve_kernels import lane_sum_products, mean_and_std

__all__ = ["correlation"]


def correlation(returns: FloatVector, benchmark: FloatVector) -> float:
    """Pearson correlation of the returns with the benchmark's.

    returns and benchmark float64[n]: simple returns of the same bars. NaN under two bars and when either does not vary.

    >>> round(correlation([0.02, -0.01, 0.03], [0.01, -0.005, 0.015]), 6)
    1.0
    """
    return correlation_of(*paired(returns, benchmark))


def correlation_of(x: FloatVector, b: FloatVector) -> float:
    """The same of checked vectors."""
    (level, spread), (mean, deviation) = mean_and_std(x), mean_and_std(b)
    if not (spread > 0.0 and deviation > 0.0):
        return nan
    shared = lane_sum_products(x - level, b - mean) / (x.size - 1)
    return min(max(shared / (spread * deviation), -1.0), 1.0)
