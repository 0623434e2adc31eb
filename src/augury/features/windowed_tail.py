"""The last columns of a feature whose value depends on a fixed number of bars only."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.features.feature import BatchKernel, TailKernel

__all__ = ["windowed_tail"]


def windowed_tail(batch: BatchKernel, look_back: int, *, align: int = 1) -> TailKernel:
    """A tail that runs `batch` over the bars that matter and no others.

    Right only for a batch whose column t depends on bars t - look_back + 1 .. t and on t modulo `align`, in every
    bit; the run then starts at a multiple of `align`.
    """

    def tail(opened_at: IntVector, bars: FloatMatrix, count: int) -> FloatMatrix:
        """The last `count` columns (all when there are fewer), equal to those of `batch` bit for bit."""
        n = bars.shape[1]
        wanted = min(max(count, 0), n)
        start = max(n - wanted - (look_back - 1), 0)
        start -= start % align
        values = batch(opened_at[start:], np.ascontiguousarray(bars[:, start:]))
        return np.ascontiguousarray(values[:, values.shape[1] - wanted :])

    return tail
