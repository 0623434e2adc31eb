"""Orders as events: the bars at whose close one arises and the position it asks for, instead of a number a bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector, IntVector

__all__ = ["TargetEvents"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetEvents:
    """m orders over `n` bars: `bars` int64[m], ascending, and `targets` float64[m], decided at the close of each."""

    bars: IntVector
    targets: FloatVector
    n: int

    def __len__(self) -> int:
        return int(self.bars.size)

    def dense(self) -> FloatVector:
        """A target at the bars of the orders and NaN at all others, float64[n]."""
        targets = np.full(self.n, np.nan)
        targets[self.bars] = self.targets
        return targets

    def later(self, delay_bars: int) -> TargetEvents:
        """The same orders so many bars later, without those that then come after the last bar."""
        if delay_bars == 0:
            return self
        kept = int(np.searchsorted(self.bars, self.n - delay_bars))
        return TargetEvents(bars=self.bars[:kept] + delay_bars, targets=self.targets[:kept], n=self.n)
