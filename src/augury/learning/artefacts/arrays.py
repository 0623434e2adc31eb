"""Array aliases of this room."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["GraphInput", "Probabilities"]

Probabilities: TypeAlias = NDArray[np.float64]  # float64[rows, classes], each row sums to 1
GraphInput: TypeAlias = NDArray[Any]  # [rows, k], [rows, T, k] or [rows, height, width]
