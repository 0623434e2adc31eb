"""What somebody's backtest says, in one form whatever tool wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector

__all__ = ["NO_TIME", "Claim", "ClaimedCurve", "ClaimedTrades", "Remark", "Reported", "Variants"]

NO_TIME = int(np.iinfo(np.int64).min)
"""The time of what has not happened, as in NaT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing worth knowing about a backtest, and what to do about it.

    `rule` names the check; severity is error (cannot be right), warning (probably not right, or fragile) or info.
    `rows` are the places in the file it is about (trades or points of the curve, from 0), at most the first hundred.
    """

    rule: str
    severity: str
    text: str
    remedy: str = ""
    rows: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "text": self.text,
            "remedy": self.remedy,
            "rows": list(self.rows),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimedTrades:
    """m round trips in the order of the file, a column each; what the file does not say is NaN, "" or `NO_TIME`.

    `side` +1 long, -1 short; times int64 ns UTC; `units` > 0; prices as filled; `profit` in money after the costs that
    were charged; `costs` in money, both ways together; `trade_return` a fraction of what was invested; `stop_price` the
    stop that was set. `is_open` marks positions that had not been closed.
    """

    symbol: tuple[str, ...]
    side: FloatVector
    entry_ns: IntVector
    exit_ns: IntVector
    units: FloatVector
    entry_price: FloatVector
    exit_price: FloatVector
    profit: FloatVector
    costs: FloatVector
    trade_return: FloatVector
    stop_price: FloatVector
    exit_reason: tuple[str, ...]
    is_open: BoolVector

    def __len__(self) -> int:
        return len(self.side)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The different symbols, sorted."""
        return tuple(sorted(set(self.symbol)))

    @property
    def priced(self) -> BoolVector:
        """bool[m]: trades whose units and both prices are known."""
        return np.isfinite(self.units) & np.isfinite(self.entry_price) & np.isfinite(self.exit_price)

    @property
    def notional(self) -> FloatVector:
        """Money traded by entering and leaving, float64[m]; NaN where units or prices are not known."""
        return np.asarray(self.units * (self.entry_price + self.exit_price))

    def changed(self, **columns: Any) -> ClaimedTrades:
        """A copy with some columns replaced."""
        return replace(self, **columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimedCurve:
    """The account at n times: `times` int64[n] ns UTC, increasing; `equity` float64[n]; `initial_cash` before."""

    times: IntVector
    equity: FloatVector
    initial_cash: float

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A figure as the tool reported it: `label` its own name for it, `value` with percent made a fraction."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variants:
    """What else was tried according to the file: `count` variants, this one included.

    `returns` float64[k, p]: period returns of the k variants that kept them, `chosen` the row that is judged. `values`
    float64[v]: what a search scored them with, under the name `value_name`, `larger_is_better` or not.
    """

    count: int
    source: str
    names: tuple[str, ...] = ()
    returns: FloatMatrix | None = None
    chosen: int | None = None
    values: FloatVector | None = None
    value_name: str = "value"
    larger_is_better: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """A backtest as handed in: trades, curve or both, what the tool reported of it, and what it says of other tries.

    `tool` is freqtrade, vectorbt, backtesting.py, optuna or table. `parts` are the kinds that were read, `sources` the
    files. `period` is first and last instant in ns UTC where stated;
    `zoneless` means that clock times had no zone and were taken as UTC.
    """

    tool: str
    parts: tuple[str, ...]
    sources: tuple[str, ...]
    name: str = ""
    trades: ClaimedTrades | None = None
    curve: ClaimedCurve | None = None
    reported: Mapping[str, Reported] = field(default_factory=dict)
    variants: Variants | None = None
    initial_cash: float | None = None
    period: tuple[int, int] | None = None
    timeframe: str | None = None
    zoneless: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    def changed(self, **values: Any) -> Claim:
        """A copy with some fields replaced."""
        return replace(self, **values)
