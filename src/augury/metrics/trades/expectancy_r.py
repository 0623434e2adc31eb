"""Expectancy in R."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.checked import same_size, vector
from augury.metrics.curve_kernels import mean_and_std

__all__ = ["expectancy_r"]


def expectancy_r(pnl: FloatVector, initial_risk: FloatVector) -> float:
    """Mean of net profit over initial risk (R multiples; Tharp 1998): what a trade earns per unit risked.

    pnl float64[m] of closed trades; initial_risk float64[m]: money lost if the first stop is hit, NaN where a trade had
    no stop. Trades without a risk above 0 are left out; NaN when none is left.

    >>> expectancy_r([5.0, -2.0], [2.0, 2.0])
    0.75
    """
    x = vector(pnl, "pnl")
    risk = np.asarray(initial_risk, dtype=np.float64)
    same_size(x, risk, "pnl and initial_risk")
    known = np.isfinite(risk) & (risk > 0.0)
    return mean_and_std(x[known] / risk[known])[0]
