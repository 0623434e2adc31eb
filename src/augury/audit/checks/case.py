"""What the plausibility checks look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.audit.account import Account
from augury.audit.claim import Claim, ClaimedTrades, Remark
from augury.audit.prices import Prices

__all__ = ["Case", "Fills", "remark"]

_MOST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fills:
    """Entries or exits beside their bars: `rows` and `bar` int64[k] of trades and bars, the bars' prices float64[k]."""

    rows: IntVector
    bar: IntVector
    price: FloatVector
    open: FloatVector
    high: FloatVector
    low: FloatVector
    close: FloatVector
    side: FloatVector

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A claim with its account; `trades` are sized, `prices` the bars where there are some."""

    claim: Claim
    account: Account
    trades: ClaimedTrades | None
    prices: Prices | None
    cash_known: bool

    def fills(self, kind: str) -> Fills:
        """Entries ("entry") or exits ("exit") of priced trades whose time lies within their bars."""
        rows, bars, table = [], [], []
        trades, prices = self.trades, self.prices
        if trades is None or prices is None:
            return _no_fills()
        times = trades.entry_ns if kind == "entry" else trades.exit_ns
        price = trades.entry_price if kind == "entry" else trades.exit_price
        names = np.array(trades.symbol)
        skip = trades.is_open if kind == "exit" else np.zeros(len(trades), dtype=np.bool_)
        for symbol, series in prices.by_symbol.items():
            mine = np.flatnonzero((names == symbol) & np.isfinite(price) & ~skip)
            found = series.bar_of(times[mine])
            mine, found = mine[found >= 0], found[found >= 0]
            rows.append(mine)
            bars.append(found)
            table.append(series.matrix[:4, found])
        row, ohlc = np.concatenate(rows), np.hstack(table)
        return Fills(
            rows=row, bar=np.concatenate(bars), price=price[row], open=ohlc[0], high=ohlc[1], low=ohlc[2],
            close=ohlc[3], side=trades.side[row],
        )  # fmt: skip


def _no_fills() -> Fills:
    none, nowhere = np.empty(0), np.empty(0, dtype=np.int64)
    return Fills(rows=nowhere, bar=nowhere, price=none, open=none, high=none, low=none, close=none, side=none)


def remark(rule: str, severity: str, text: str, remedy: str, rows: IntVector | BoolVector | None = None) -> Remark:
    """A remark about these rows (positions, or a mask of them); at most a hundred are kept."""
    if rows is None:
        places: IntVector = np.empty(0, dtype=np.int64)
    else:
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.unique(rows)
    return Remark(rule=rule, severity=severity, text=text, remedy=remedy, rows=tuple(places[:_MOST_ROWS].tolist()))
