"""Rows about one symbol as a source gave them, before any judgement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.market.rules import NO_TIME

__all__ = ["RawSeries", "RefusedRow", "UnreadWindow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A bar that is not stored: the rule it breaks, its open time (int64 ns UTC; None: it has none) and its values.

    `values` are open, high, low, close, volume, NaN where a cell is no number; `position` counts the source's rows.
    """

    rule: str
    reason: str
    opened_at_ns: int | None
    values: tuple[float, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadWindow:
    """Bars that a source gave only as an error: those that open in [start_ns, end_ns), and what was wrong with them."""

    start_ns: int
    end_ns: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSeries:
    """What came of one symbol: open times int64[n] ns UTC (NO_TIME where a row has none), float64[5, n], in any order.

    Nothing is sorted, dropped or checked. `positions` int64[n] count the rows of the file or answer, from 0.
    `unread` are windows whose bars the source itself refused.
    """

    symbol: str
    opened_at: IntVector
    matrix: FloatMatrix
    positions: IntVector
    unread: tuple[UnreadWindow, ...] = ()

    @classmethod
    def of(
        cls, symbol: str, opened_at: IntVector, matrix: FloatMatrix, unread: tuple[UnreadWindow, ...] = ()
    ) -> RawSeries:
        """The rows with their positions counted here."""
        positions = np.arange(opened_at.size, dtype=np.int64)
        return cls(symbol=symbol, opened_at=opened_at, matrix=matrix, positions=positions, unread=unread)

    def __len__(self) -> int:
        return int(self.opened_at.size)

    def row(self, at: int, rule: str, reason: str) -> RefusedRow:
        """One of the rows as a refused one."""
        opened_at = int(self.opened_at[at])
        return RefusedRow(
            rule=rule,
            reason=reason,
            opened_at_ns=None if opened_at == NO_TIME else opened_at,
            values=tuple(float(value) for value in self.matrix[:, at]),
            position=int(self.positions[at]),
        )
