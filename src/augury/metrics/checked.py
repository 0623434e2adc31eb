"""What the measures accept: finite float64 vectors of matching length."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.metrics.curve_kernels import all_finite

__all__ = ["positive", "same_size", "vector"]

_FLOAT64 = np.dtype(np.float64)


def vector(values: Any, name: str) -> FloatVector:
    """A finite float64[n], copied only where it is not contiguous and writeable; InvalidInput for other values."""
    if type(values) is np.ndarray and values.dtype == _FLOAT64 and values.ndim == 1:
        x = values
    else:
        try:
            x = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"{name} should be a one-dimensional array of numbers, got {values!r:.80}") from error
        if x.ndim != 1:
            raise InvalidInput(f"{name} should have one dimension, got shape {x.shape}")
    if not x.flags.carray:
        x = np.array(x, dtype=np.float64)
    if not all_finite(x):
        at = int(np.flatnonzero(~np.isfinite(x))[0])
        raise InvalidInput(f"{name} should be finite numbers, {name}[{at}] = {x[at]}; drop or mend that bar first")
    return x


def positive(value: float, name: str) -> float:
    """A finite number above 0."""
    if not 0.0 < value < np.inf:
        raise InvalidInput(f"{name} should be a number above 0, got {value!r}")
    return float(value)


def same_size(first: FloatVector, second: FloatVector, names: str) -> None:
    """InvalidInput unless both have as many values."""
    if first.size != second.size:
        raise InvalidInput(f"{names} should have the same length, got {first.size} and {second.size} values")
