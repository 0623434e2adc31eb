"""The record of a portfolio run: curves a bar, totals a symbol, and every fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.account import layout
from augury.backtest.portfolio import portfolio_layout as places
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_layout import Curves, SharedBook
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.portfolio_trades import portfolio_trades
from augury.market.bars import time_index
from augury.market.times import iso

__all__ = ["PortfolioRun", "run_record"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PortfolioRun:
    """What a portfolio did.

    A value a bar, at its close: `equity`, `cash`, `gross` and `net` float64[n] (value of the positions, signs left out
    or not), `stale` int64[n] (symbols held without a bar). Equity is cash + net at every bar; the initial cash is the
    value before the first one. A value a symbol, in money: `contributions` float64[k] (what it added to equity after
    its own costs), `commissions`, `slippage`, `borrowing`, `dividends`, `traded` (value bought and sold); `units` held
    at the end and `marks`, the last close known of each (0 before its first bar). The contributions and `interest` add
    up to the change in equity. `fills` float64[m, 8]: a row each, see `fills_frame`; none when the spec drops them.
    `ruined_bar`: where equity was gone, else None. `cut_short`: bars at which purchases were scaled down to what the
    account could carry. `ambiguous`: bars of a symbol that held both its stop and its target. `clipped`: fills cut by
    the volume limit.
    """

    panel: Panel
    spec: PortfolioSpec
    equity: FloatVector
    cash: FloatVector
    gross: FloatVector
    net: FloatVector
    stale: IntVector
    contributions: FloatVector
    commissions: FloatVector
    slippage: FloatVector
    borrowing: FloatVector
    dividends: FloatVector
    traded: FloatVector
    units: FloatVector
    marks: FloatVector
    interest: float
    fills: FloatMatrix
    rebalances: int
    cut_short: int
    ambiguous: int
    clipped: int
    ruined_bar: int | None

    @property
    def turnover(self) -> float:
        """Value traded by mean equity and year (one way), NaN when time or equity give none."""
        span = int(self.panel.closed_at[-1] - self.panel.opened_at[0]) / (365.25 * 86_400 * 10**9)
        mean = float(self.equity.mean())
        return float(self.traded.sum()) / mean / span if mean > 0.0 else float("nan")

    def __repr__(self) -> str:
        names = self.panel.symbols
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return (
            f"<PortfolioRun of {shown}: {len(self.panel):,} bars, {self.spec.backtest.initial_cash:,.0f} became "
            f"{self.equity[-1]:,.0f}, not proven>"
        )

    def fills_frame(self) -> pd.DataFrame:
        """Every fill in order: time of the bar, symbol, units (sold below 0), price, costs, units held after, why."""
        fills, at = self.fills, self.fills[:, layout.FILL_BAR].astype(np.int64)
        names = np.array(self.panel.symbols, dtype=object)
        return pd.DataFrame(
            {
                "symbol": names[fills[:, places.FILL_SYMBOL].astype(np.int64)],
                "units": fills[:, layout.FILL_UNITS],
                "price": fills[:, layout.FILL_PRICE],
                "commission": fills[:, layout.FILL_COMMISSION],
                "slippage": fills[:, layout.FILL_SLIPPAGE],
                "held": fills[:, layout.FILL_HELD],
                "why": np.array(layout.REASONS, dtype=object)[fills[:, layout.FILL_WHY].astype(np.int64)],
            },
            index=time_index(self.panel.opened_at[at]),
        )

    def trades_frame(self) -> pd.DataFrame:
        """A row a trade, a round trip of one symbol from flat to flat; see `portfolio_trades`."""
        return portfolio_trades(self)

    def costs_frame(self) -> pd.DataFrame:
        """A row a symbol: contribution, commissions, slippage, borrowing, dividends and value traded, in money."""
        names = ("contributions", "commissions", "slippage", "borrowing", "dividends", "traded", "units")
        return pd.DataFrame(
            {name: getattr(self, name) for name in names}, index=pd.Index(self.panel.symbols, name="symbol")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the options, the symbols and the totals."""
        return {
            "spec": self.spec.to_dict(),
            "symbols": list(self.panel.symbols),
            "bars": len(self.panel),
            "first": iso(int(self.panel.opened_at[0])),
            "last": iso(int(self.panel.opened_at[-1])),
            "final_equity": float(self.equity[-1]),
            "interest": self.interest,
            "turnover": self.turnover if np.isfinite(self.turnover) else None,
            "rebalances": self.rebalances,
            "cut_short": self.cut_short,
            "ruined_bar": self.ruined_bar,
            "symbols_totals": {str(name): row for name, row in self.costs_frame().to_dict(orient="index").items()},
        }


def run_record(
    panel: Panel, spec: PortfolioSpec, curves: Curves, book: SharedBook, fills: list[FloatMatrix]
) -> PortfolioRun:
    """The record of a finished run."""
    account, rows, own = book.account, book.rows, book.own
    ruined = int(account[places.RUIN_BAR])
    return PortfolioRun(
        panel=panel,
        spec=spec,
        equity=curves.equity,
        cash=curves.cash,
        gross=curves.gross,
        net=curves.net,
        stale=curves.stale,
        contributions=own[:, places.FLOW] + book.units * book.marks,
        commissions=rows[:, layout.COMMISSION].copy(),
        slippage=rows[:, layout.SLIPPAGE].copy(),
        borrowing=rows[:, layout.BORROWING].copy(),
        dividends=rows[:, layout.DIVIDENDS].copy(),
        traded=own[:, places.TRADED].copy(),
        units=book.units.copy(),
        marks=book.marks.copy(),
        interest=float(account[places.EARNED]),
        fills=np.concatenate(fills) if fills else np.empty((0, places.PORTFOLIO_FILL_COLUMNS)),
        rebalances=int(account[places.REBALANCES]),
        cut_short=int(account[places.CUT_SHORT]),
        ambiguous=int(rows[:, layout.AMBIGUOUS].sum()),
        clipped=int(rows[:, layout.CLIPPED].sum()),
        ruined_bar=None if ruined < 0 else ruined,
    )
