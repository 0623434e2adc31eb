"""Omega ratio."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio
from augury.metrics.side_kernels import sided_sums

__all__ = ["omega"]


def omega(returns: FloatVector, *, threshold: float = 0.0) -> float:
    """Omega ratio: sum of max(x - threshold, 0) over sum of max(threshold - x, 0) (Keating and Shadwick 2002).

    returns float64[n]; `threshold` per bar. NaN when no return is below the threshold. At threshold 0 it is the profit
    factor of bars, named `pf_bar` where the profit factor of trades stands beside it.

    >>> round(omega([0.1, -0.05, 0.2, -0.1]), 6)
    2.0
    """
    gained, lost, _, _ = sided_sums(vector(returns, "returns") - threshold)
    return ratio(gained, lost)
