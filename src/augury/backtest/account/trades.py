"""Trades of a run: round trips with entry, exit, size, result, costs and excursions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account import trade_kernel as rows
from augury.backtest.account.engine import EngineRun
from augury.backtest.account.layout import FILL_BAR, FILL_PRICE, FILL_UNITS, FILLS, REASONS
from augury.backtest.account.trade_kernel import TRADE_COLUMNS, excursions, round_trips
from augury.market.bars import time_index
from augury.metrics import TradeOutcomes

__all__ = ["Trades", "traded_notional", "trades_of"]

_NO_FACTORS = np.empty(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trades:
    """m trades in order of entry, of which the last may be open: float64[m, TRADE_COLUMNS], see `trade_kernel`."""

    matrix: FloatMatrix
    initial_risk: float | None

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def column(self, at: int) -> FloatVector:
        """One column, float64[m]."""
        return np.ascontiguousarray(self.matrix[:, at])

    @property
    def profit_and_loss(self) -> FloatVector:
        """Net profit of each trade in money, after commission and slippage, float64[m]."""
        return self.column(rows.PROFIT)

    def closed_profits(self) -> FloatVector:
        """Net profit of each closed trade, float64."""
        return np.ascontiguousarray(self.matrix[self.matrix[:, rows.IS_OPEN] == 0.0, rows.PROFIT])

    def outcomes(self) -> TradeOutcomes:
        """What the measures of trades need."""
        notional = self.matrix[:, rows.TRADED_UNITS] * self.matrix[:, rows.ENTRY_MEAN]
        profit = self.profit_and_loss
        return TradeOutcomes(
            pnl=profit,
            is_open=self.matrix[:, rows.IS_OPEN] != 0.0,
            returns=profit / notional,
            holding_bars=self.matrix[:, rows.EXIT_BAR] - self.matrix[:, rows.ENTRY_BAR],
            costs=self.matrix[:, rows.COMMISSIONS] + self.matrix[:, rows.SLIPPED],
            initial_risk=None if self.initial_risk is None else notional * self.initial_risk,
        )

    def to_frame(self, opened_at: Any) -> pd.DataFrame:
        """A row a trade; times are the opens of the bars of entry and exit, prices as filled, fractions as fractions.

        An open trade has the last bar as its exit, marked at its close, and the reason "open".
        """
        matrix = self.matrix
        entered, left = (matrix[:, at].astype(np.int64) for at in (rows.ENTRY_BAR, rows.EXIT_BAR))
        is_open = matrix[:, rows.IS_OPEN] != 0.0
        why = [REASONS[int(code)] for code in matrix[:, rows.WHY]]
        notional = matrix[:, rows.TRADED_UNITS] * matrix[:, rows.ENTRY_MEAN]
        return pd.DataFrame(
            {
                "side": np.where(matrix[:, rows.SIDE] > 0.0, "long", "short"),
                "entry_time": time_index(opened_at[entered], name="entry_time"),
                "exit_time": time_index(opened_at[left], name="exit_time"),
                "entry_price": matrix[:, rows.ENTRY_MEAN],
                "exit_price": matrix[:, rows.EXIT_MEAN],
                "units": matrix[:, rows.TRADED_UNITS],
                "profit_and_loss": matrix[:, rows.PROFIT],
                "return": matrix[:, rows.PROFIT] / notional,
                "costs": matrix[:, rows.COMMISSIONS] + matrix[:, rows.SLIPPED],
                "commission": matrix[:, rows.COMMISSIONS],
                "slippage": matrix[:, rows.SLIPPED],
                "maximum_favourable_excursion": matrix[:, rows.BEST_MOVE],
                "maximum_adverse_excursion": matrix[:, rows.WORST_MOVE],
                "holding_bars": left - entered,
                "exit_reason": ["open" if still else reason for still, reason in zip(is_open, why, strict=True)],
                "is_open": is_open,
            }
        )


def trades_of(run: EngineRun) -> Trades:
    """The trades of a run, matched from its fills."""
    bars, fills = run.bars.matrix, run.fills
    last = bars.shape[1] - 1
    factors = np.cumprod(run.actions[0]) if run.actions.shape[1] else _NO_FACTORS
    matrix = np.empty((len(fills) + 1, TRADE_COLUMNS))
    count = round_trips(fills, len(fills), factors, bars[3, last], last, matrix)
    matrix = matrix[:count]
    excursions(bars, factors, float(FILLS.index(run.spec.fill)), matrix, count)
    return Trades(matrix=matrix, initial_risk=run.spec.exits.stop_loss)


def traded_notional(run: EngineRun) -> FloatVector:
    """|units| * price summed over the fills of each bar, in money, float64[n]."""
    at = run.fills[:, FILL_BAR].astype(np.int64)
    money = np.abs(run.fills[:, FILL_UNITS]) * run.fills[:, FILL_PRICE]
    return np.asarray(np.bincount(at, money, minlength=len(run.bars)), dtype=np.float64)
