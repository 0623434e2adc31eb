"""Bins of equal mass."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector, IntVector

__all__ = ["equal_mass_bins"]


def equal_mass_bins(values: FloatVector, bins: int) -> IntVector:
    """The bin 0, 1, ... of each value, int64[m]: as many rows a bin as equal values, which stay together, allow.

    >>> equal_mass_bins(np.array([0.1, 0.4, 0.2, 0.9]), 2).tolist()
    [0, 1, 0, 1]
    """
    if not values.size:
        return np.empty(0, dtype=np.int64)
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    wanted = np.minimum((middle * bins / values.size).astype(np.int64), bins - 1)
    return np.unique(wanted, return_inverse=True)[1][group].astype(np.int64)
