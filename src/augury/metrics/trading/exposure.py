"""Exposure."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.metrics.checked import vector
from augury.metrics.curve_kernels import ratio

__all__ = ["exposure"]


def exposure(gross_exposure: FloatVector) -> float:
    """Share of bars that hold anything: bars with gross exposure other than 0, of all n.

    gross_exposure float64[n]: sum of |quantity * price| over equity at each bar's close, a fraction. NaN without bars.

    >>> exposure([0.0, 0.5, 1.0, 1.0])
    0.75
    """
    held = vector(gross_exposure, "gross_exposure")
    return ratio(float(np.count_nonzero(held)), float(held.size))
