"""A feature, bars, and the batch values that its stream must repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.features.feature import Feature, FeatureStream
from augury.market.bars import BarArrays, bar_arrays
from augury.testing.comparison import same_values
from augury.testing.contract import ContractBroken

__all__ = ["StreamTrial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTrial:
    """What the streaming checks run on: a feature, bars as arrays, and the batch values that a stream must repeat."""

    feature: Feature
    arrays: BarArrays
    expected: FloatMatrix
    seed: int

    @classmethod
    def on(cls, feature: Feature, bars: pd.DataFrame, *, seed: int = 0) -> StreamTrial:
        """Compute the batch once."""
        arrays = bar_arrays(bars)
        expected = feature.batch(arrays.opened_at.copy(), arrays.matrix.copy())
        return cls(feature=feature, arrays=arrays, expected=np.ascontiguousarray(expected), seed=seed)

    def feed(self, stream: FeatureStream, start: int, stop: int) -> FloatMatrix:
        """Rows float64[k, stop - start] of bars start..stop-1; the bar's array is overwritten after every update."""
        rows = np.empty((self.expected.shape[0], stop - start))
        bar = np.empty(self.arrays.matrix.shape[0])
        times = self.arrays.opened_at[start:stop].tolist()
        for place, opened_at in enumerate(times):
            bar[:] = self.arrays.matrix[:, start + place]
            rows[:, place] = stream.update(opened_at, bar)
            bar[:] = np.nan
        return rows

    def require(self, rows: FloatMatrix, start: int, situation: str) -> None:
        """Raise ContractBroken at the first cell that is not the batch's."""
        wanted = np.ascontiguousarray(self.expected[:, start : start + rows.shape[1]])
        different = np.argwhere(~same_values(wanted, np.ascontiguousarray(rows)).T)
        if different.size:
            place, output = different[0].tolist()
            raise ContractBroken(
                f"{self.feature.id} {situation}: column {self.feature.columns[output]!r} at bar {start + place} is "
                f"{rows[output, place]!r} in the stream and {wanted[output, place]!r} in the batch "
                f"({different.shape[0]} cells differ)"
            )
