"""Weights computed by a function while the run goes on, from the bars known at each decision and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector
from augury.backtest.portfolio.panel import Panel, PanelBlock
from augury.backtest.portfolio.panel_splits import SplitSteps
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.portfolio_weights import (
    StrategyShare,
    WeightTable,
    check_table,
    checked_row,
    combined_weights,
    constant_weights,
    frame_weights,
)
from augury.errors import InvalidInput
from augury.market.bars import BAR_COLUMNS, time_index
from augury.market.times import iso

__all__ = ["FunctionRows", "PanelHistory", "TableRows", "WeightFunction", "WeightsWithHistory", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelHistory:
    """What was known at the close of the last bar held here; `opened_at` int64[m], `values` float64[5, m, k].

    Read only; NaN where a symbol had no bar. Prices are free of the steps of splits, in units of the panel's first day:
    times the ratios of the splits so far, volumes divided by them. Orders fill at prices as traded.
    """

    symbols: tuple[str, ...]
    opened_at: IntVector
    values: FloatMatrix

    def column(self, name: str) -> pd.DataFrame:
        """One of open, high, low, close and volume: a row a bar, a column a symbol, NaN where there was no bar."""
        if name not in BAR_COLUMNS:
            raise InvalidInput(f"expected one of {', '.join(BAR_COLUMNS)}, got {name!r}")
        return pd.DataFrame(
            self.values[BAR_COLUMNS.index(name)], index=time_index(self.opened_at), columns=self.symbols
        )

    @property
    def closes(self) -> pd.DataFrame:
        """The closes, a row a bar and a column a symbol."""
        return self.column("close")


WeightFunction: TypeAlias = Callable[[PanelHistory], Mapping[str, float] | None]
"""From what is known at a close to the target weights; None keeps those before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsWithHistory:
    """A weight function and how many bars it looks back on: so many, its own included, are handed to it (at most)."""

    function: WeightFunction
    lookback_bars: int

    def __post_init__(self) -> None:
        if self.lookback_bars < 1:
            raise InvalidInput(f"lookback_bars should be at least 1, got {self.lookback_bars}")


class TableRows:
    """Row numbers and rows of a table, block by block."""

    def __init__(self, table: WeightTable, panel: Panel) -> None:
        self._table, self._step = table, panel.timeframe.ns

    def decided(self) -> WeightTable:
        """The weights and when each is known."""
        return self._table

    def numbers(self, block: PanelBlock, due: BoolVector) -> IntVector:  # noqa: ARG002
        """The row in force at each close of the block, int64[m]; -1 for none."""
        return self._table.row_numbers(block.opened_at + self._step)

    def rows(self, first: int, stop: int) -> FloatMatrix:
        """Rows first..stop-1, float64[., k]."""
        return np.ascontiguousarray(self._table.rows[first:stop])


class FunctionRows:
    """Row numbers and rows from a function, called at the first close and at each close that asks for a decision."""

    def __init__(self, weights: WeightFunction | WeightsWithHistory, panel: Panel, spec: PortfolioSpec) -> None:
        bounded = isinstance(weights, WeightsWithHistory)
        self._function = weights.function if isinstance(weights, WeightsWithHistory) else weights
        self._lookback = weights.lookback_bars if isinstance(weights, WeightsWithHistory) else len(panel)
        self._bounded, self._panel, self._spec = bounded, panel, spec
        self._rows: list[FloatVector] = []
        self._known_at: list[int] = []
        self._splits = SplitSteps(panel)
        self._opened_at = np.empty(0, dtype=np.int64)
        self._values = np.empty((5, 0, len(panel.symbols)))

    def numbers(self, block: PanelBlock, due: BoolVector) -> IntVector:
        """The row in force at each close of the block, int64[m]; -1 for none."""
        before = self._opened_at.size
        opened_at = np.concatenate([self._opened_at, block.opened_at])
        fresh = self._splits.removed(block)
        values = np.concatenate([self._values, fresh], axis=1) if before else fresh.view()
        values.flags.writeable = False
        opened_at.flags.writeable = False
        follows = self._spec.rebalance.when in ("on_change", "threshold")
        numbers = np.empty(len(block), dtype=np.int64)
        for at in range(len(block)):
            if follows or due[at] or not self._rows:
                stop = before + at + 1
                self._decide(opened_at[max(0, stop - self._lookback) : stop], values, stop)
            numbers[at] = len(self._rows) - 1
        keep = max(0, opened_at.size - self._lookback)
        self._opened_at, self._values = opened_at[keep:], values[:, keep:].copy() if self._bounded else values
        return numbers

    def _decide(self, opened_at: IntVector, values: FloatMatrix, stop: int) -> None:
        known = values[:, stop - opened_at.size : stop]
        answer = self._function(PanelHistory(symbols=self._panel.symbols, opened_at=opened_at, values=known))
        if answer is None:
            return
        if not isinstance(answer, Mapping | pd.Series):
            raise InvalidInput(
                f"weights(history) should return a mapping from symbol to weight, or None; got {type(answer).__name__}"
            )
        row = constant_weights({str(name): weight for name, weight in answer.items()}, self._panel).rows[0]
        account = self._spec.backtest
        lowest = -account.leverage if account.allow_short else 0.0
        when = f"at the close of {iso(int(opened_at[-1]))}"
        checked_row(row, self._panel.symbols, lowest, account.leverage, when)
        if not self._rows or not np.array_equal(row, self._rows[-1]):
            self._rows.append(row)
            self._known_at.append(int(opened_at[-1]) + self._panel.timeframe.ns)

    def decided(self) -> WeightTable:
        """What the function has answered so far and when; nothing held where it never did."""
        if not self._rows:
            return WeightTable(known_at=self._panel.closed_at[-1:], rows=np.zeros((1, len(self._panel.symbols))))
        return WeightTable(known_at=np.array(self._known_at), rows=np.array(self._rows))

    def rows(self, first: int, stop: int) -> FloatMatrix:
        """Rows first..stop-1, float64[., k]."""
        return np.array(self._rows[first:stop]).reshape(-1, len(self._panel.symbols))


def rows_of(weights: Any, panel: Panel, spec: PortfolioSpec) -> TableRows | FunctionRows:
    """The rows for whatever `run_portfolio` takes as weights; raises InvalidInput for weights that cannot be run."""
    if isinstance(weights, WeightsWithHistory) or (callable(weights) and not isinstance(weights, type)):
        return FunctionRows(weights, panel, spec)
    if isinstance(weights, WeightTable):
        table = weights
    elif isinstance(weights, pd.DataFrame):
        table = frame_weights(weights, panel)
    elif isinstance(weights, Mapping | pd.Series):
        table = constant_weights({str(name): weight for name, weight in weights.items()}, panel)
    elif isinstance(weights, list | tuple) and all(isinstance(one, StrategyShare) for one in weights):
        table = combined_weights(weights, panel)
    else:
        raise InvalidInput(
            "weights should be a mapping, a frame, a function of the history, or a list of StrategyShare; got "
            f"{type(weights).__name__}"
        )
    account = spec.backtest
    check_table(table, panel, -account.leverage if account.allow_short else 0.0, account.leverage)
    return TableRows(table, panel)
