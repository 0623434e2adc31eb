"""Trades of a portfolio: the fills of each symbol matched to round trips, as those of a single instrument are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account.layout import FILL_COLUMNS, FILLS
from augury.backtest.account.trade_kernel import EXIT_BAR, TRADE_COLUMNS, excursions, round_trips
from augury.backtest.account.trades import Trades
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_layout import ACTION_BAR, ACTION_RATIO, ACTION_SYMBOL, FILL_SYMBOL
from augury.errors import InvalidInput

if TYPE_CHECKING:
    from augury.backtest.portfolio.portfolio_run import PortfolioRun

__all__ = ["all_trades", "portfolio_trades", "trades_by_symbol", "trades_table"]


def portfolio_trades(run: PortfolioRun) -> pd.DataFrame:
    """A row a trade in the order of entry: the symbol, then the columns of `Trades.to_frame`.

    The bars of one symbol at a time are in memory. InvalidInput when the run kept no fills.
    """
    return trades_table(run, trades_by_symbol(run))


def trades_by_symbol(run: PortfolioRun) -> tuple[Trades, ...]:
    """The trades of each symbol, in the order of the panel; InvalidInput when the run kept no fills."""
    if not run.spec.keep_fills:
        raise InvalidInput("the fills of this run were dropped (`keep_fills` is off), so its trades are not known")
    return tuple(_trades_in(run, place) for place in range(len(run.panel.symbols)))


def all_trades(parts: Sequence[Trades]) -> Trades:
    """The trades of all symbols together, in the order of their exits."""
    matrix = np.concatenate([part.matrix for part in parts])
    order = np.argsort(matrix[:, EXIT_BAR], kind="stable")
    return Trades(matrix=np.ascontiguousarray(matrix[order]), initial_risk=parts[0].initial_risk)


def trades_table(run: PortfolioRun, parts: Sequence[Trades]) -> pd.DataFrame:
    """The trades of `trades_by_symbol` as one frame, in the order of their entries."""
    frames = []
    for symbol, part in zip(run.panel.symbols, parts, strict=True):
        frame = part.to_frame(run.panel.opened_at)
        frame.insert(0, "symbol", symbol)
        frames.append(frame)
    told = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(told).sort_values("entry_time", kind="stable", ignore_index=True)


def _trades_in(run: PortfolioRun, place: int) -> Trades:
    """The trades of the symbol at `place`; one that is open is marked at the last close known."""
    fills = np.ascontiguousarray(run.fills[run.fills[:, FILL_SYMBOL] == place, :FILL_COLUMNS])
    factors, last = _split_factors(run.panel, place), len(run.panel) - 1
    matrix = np.empty((len(fills) + 1, TRADE_COLUMNS))
    count = round_trips(fills, len(fills), factors, float(run.marks[place]), last, matrix)
    matrix = matrix[:count]
    if count:
        fill = float(FILLS.index(run.spec.backtest.fill))
        excursions(_carried(run.panel.bars_of(place), factors), factors, fill, matrix, count)
    return Trades(matrix=matrix, initial_risk=run.spec.backtest.exits.stop_loss)


def _split_factors(panel: Panel, place: int) -> FloatVector:
    """Cumulative split ratios of a symbol float64[n], empty without splits."""
    rows = panel.actions[(panel.actions[:, ACTION_SYMBOL] == place) & (panel.actions[:, ACTION_RATIO] != 1.0)]
    if not len(rows):
        return np.empty(0)
    ratios = np.ones(len(panel))
    np.multiply.at(ratios, rows[:, ACTION_BAR].astype(np.int64), rows[:, ACTION_RATIO])
    return np.asarray(np.cumprod(ratios))


def _carried(bars: FloatMatrix, factors: FloatVector) -> FloatMatrix:
    """The bars with the last close, in units of the day, where the symbol has none: a position is worth that then."""
    missing = np.isnan(bars[3])
    if not missing.any():
        return bars
    scale = factors if factors.size else np.ones(bars.shape[1])
    before = np.maximum.accumulate(np.where(missing, -1, np.arange(bars.shape[1])))
    there = missing & (before >= 0)
    bars[:4, there] = bars[3, before[there]] * scale[before[there]] / scale[there]
    return bars
