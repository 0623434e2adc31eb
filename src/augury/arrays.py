"""Array aliases. The name gives the type, the comment where it is used gives the dimensions."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatVector: TypeAlias = NDArray[np.float64]  # float64[n]
FloatMatrix: TypeAlias = NDArray[np.float64]  # float64[k, n], C-contiguous
IntVector: TypeAlias = NDArray[np.int64]  # int64[n]
BoolVector: TypeAlias = NDArray[np.bool_]  # bool[n]

__all__ = ["BoolVector", "FloatMatrix", "FloatVector", "IntVector"]
