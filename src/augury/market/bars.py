"""The Bars contract: what a frame of bars is, and the arrays that kernels see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, IntVector

__all__ = ["BAR_COLUMNS", "BarArrays", "bar_arrays", "bars_frame", "plain_block", "single_block", "time_index"]

BAR_COLUMNS = ("open", "high", "low", "close", "volume")
_COLUMN_INDEX = pd.Index(BAR_COLUMNS)


@dataclass(frozen=True, slots=True)
class BarArrays:
    """Bars as kernels see them: `opened_at` int64[n] ns since the epoch (UTC), `matrix` float64[5, n] C-contiguous.

    Both may share memory with the frame they came from, so they are read, never written.
    """

    opened_at: IntVector
    matrix: FloatMatrix

    def __len__(self) -> int:
        return int(self.opened_at.shape[0])


def time_index(nanoseconds: IntVector, name: str = "timestamp") -> pd.DatetimeIndex:
    """A UTC index of datetime64[ns] from int64[n] ns since the epoch."""
    return pd.DatetimeIndex(nanoseconds.view("datetime64[ns]"), tz="UTC", name=name)


def bars_frame(opened_at: IntVector, matrix: FloatMatrix) -> pd.DataFrame:
    """The frame of these arrays in the form of the Bars contract; nothing is checked here (see `validate_bars`)."""
    return pd.DataFrame(matrix.T, index=time_index(opened_at), columns=_COLUMN_INDEX, copy=True)


def single_block(bars: pd.DataFrame) -> FloatMatrix | None:
    """The frame's own float64[5, n] memory, strided where it is a slice; None when it is not one such block."""
    if not bars.columns.equals(_COLUMN_INDEX):
        return None
    values = bars.to_numpy()
    if values.dtype != np.float64:
        return None
    if len(values) and not np.may_share_memory(
        values, bars.to_numpy()
    ):  # several blocks are put together anew each time
        return None
    return values.T


def bar_arrays(bars: pd.DataFrame) -> BarArrays:
    """The arrays of a frame that already keeps the Bars contract (see `validate_bars`); nothing is checked here.

    No copy is made when the frame holds its five columns in one contiguous block, as every frame from `validate_bars`
    does; a slice of such a frame costs one copy.
    """
    index = bars.index
    opened_at = index.asi8 if index.unit == "ns" else index.as_unit("ns").asi8  # type: ignore[attr-defined]
    block = single_block(bars)
    if block is None:
        block = bars[list(BAR_COLUMNS)].to_numpy(dtype=np.float64).T
    return BarArrays(opened_at, plain_block(block))


def plain_block(block: FloatMatrix) -> FloatMatrix:
    """C-contiguous and writeable, as kernels are compiled for; pandas hands out read-only views."""
    if not block.flags.c_contiguous:
        return np.ascontiguousarray(block)
    if not block.flags.writeable:
        try:
            block.flags.writeable = True
        except ValueError:  # memory that really is read-only, a mapped file for instance
            return block.copy()
    return block
