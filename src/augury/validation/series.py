"""Checks of what callers pass in: returns, score matrices, counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput

__all__ = ["finite_matrix", "finite_vector"]


def finite_vector(values: Any, name: str) -> FloatVector:
    """float64[n], C-contiguous, every value finite; anything else raises InvalidInput naming the first bad place."""
    array = _numbers(values, name)
    if array.ndim != 1:
        raise InvalidInput(f"{name} should be one series, got an array of shape {array.shape}")
    _refuse_gaps(array, name)
    return array


def finite_matrix(values: Any, name: str) -> FloatMatrix:
    """float64[k, n], C-contiguous, every value finite; anything else raises InvalidInput naming the first bad place."""
    array = _numbers(values, name)
    if array.ndim != 2:
        raise InvalidInput(f"{name} should be a matrix, got an array of shape {array.shape}")
    _refuse_gaps(array, name)
    return array


def _numbers(values: Any, name: str) -> NDArray[np.float64]:
    """As float64, C-contiguous and writeable (kernels take nothing else); a copy only where it is not so already."""
    found = np.asarray(values)
    if found.dtype.kind not in "biufO" or found.ndim == 0:
        raise InvalidInput(f"{name} should be numbers, got {found.dtype} such as {values!r:.80}")
    try:
        array = np.ascontiguousarray(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} should be numbers, got {found.dtype} such as {values!r:.80}") from error
    return array if array.flags.writeable else array.copy()


def _refuse_gaps(array: FloatVector | FloatMatrix, name: str) -> None:
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(axis) for axis in np.argwhere(bad)[0])
        where = place[0] if len(place) == 1 else place
        raise InvalidInput(
            f"{name} should be finite, got {array[place]} at {where} ({int(bad.sum())} such values); "
            "leave undefined bars out rather than fill them"
        )
