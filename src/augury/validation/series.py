"""Checks of what callers pass in: returns, score matrices, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput

__all__ = ["finite_matrix", "finite_vector"]


def finite_vector(values: Any, name: str) -> FloatVector:
    """float64[n], C-contiguous, every value finite; anything else raises InvalidInput naming the first bad place."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InvalidInput(f"{name} should be one series, got an array of shape {array.shape}")
    _refuse_gaps(array, name)
    return array


def finite_matrix(values: Any, name: str) -> FloatMatrix:
    """float64[k, n], C-contiguous, every value finite; anything else raises InvalidInput naming the first bad place."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise InvalidInput(f"{name} should be a matrix, got an array of shape {array.shape}")
    _refuse_gaps(array, name)
    return array


def _refuse_gaps(array: FloatVector | FloatMatrix, name: str) -> None:
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(axis) for axis in np.argwhere(bad)[0])
        where = place[0] if len(place) == 1 else place
        raise InvalidInput(
            f"{name} should be finite, got {array[place]} at {where} ({int(bad.sum())} such values); "
            "leave undefined bars out rather than fill them"
        )
