"""The Bars contract: what a frame of bars is, and the arrays that kernels see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector

__all__ = ["BAR_COLUMNS", "BarArrays", "bar_arrays"]

BAR_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class BarArrays:
    """Bars as kernels see them: `opened_at` int64[n] ns since the epoch (UTC), `matrix` float64[5, n] C-contiguous."""

    opened_at: IntVector
    matrix: FloatMatrix

    def __len__(self) -> int:
        return int(self.opened_at.shape[0])


def bar_arrays(bars: pd.DataFrame) -> BarArrays:
    """The arrays of a frame that already keeps the Bars contract (see `validate_bars`); nothing is checked here."""
    opened_at = bars.index.as_unit("ns").asi8  # type: ignore[attr-defined]
    matrix = np.ascontiguousarray(bars[list(BAR_COLUMNS)].to_numpy(dtype=np.float64).T)
    return BarArrays(opened_at, matrix)
