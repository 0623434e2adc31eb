"""The seven headline measures of many curves in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.metrics.curve_kernels import all_finite
from augury.metrics.headline_kernels import headline
from augury.numerics.compile import kernel

__all__ = ["headline_rows"]


@kernel("int64(float64[::1], float64[:, ::1], float64, float64[:, ::1])")
def headline_rows(initial: Any, equity: Any, periods_per_year: Any, out: Any) -> int:
    """`headline` of every row of equity[k, n] into out[k, 7]; stops at a row that is not finite and returns it, or -1.

    Allocates one row of scratch.
    """
    scratch = np.empty(equity.shape[1])
    for row in range(equity.shape[0]):
        headline(initial[row], equity[row], periods_per_year, scratch, out[row])
        if not all_finite(equity[row]):  # last, when the row lies in the cache
            return row
    return -1
