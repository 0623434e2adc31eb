"""The engine for portfolios: many symbols, one account. Weights in, a frozen record of what came of them out."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, IntVector
from augury.backtest.account import layout
from augury.backtest.portfolio.panel import Panel, PanelBlock
from augury.backtest.portfolio.portfolio_history import FunctionRows, TableRows, rows_of
from augury.backtest.portfolio.portfolio_kernel import run_block
from augury.backtest.portfolio.portfolio_layout import WRITTEN, Bars, Curves, SharedBook, new_book
from augury.backtest.portfolio.portfolio_run import PortfolioRun, run_record
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.rebalancing import due_bars
from augury.errors import NotEnoughData

__all__ = ["run_portfolio_engine", "run_rows"]

_YEAR_NS = 360 * 86_400 * 10**9


def run_portfolio_engine(panel: Panel, weights: Any, spec: PortfolioSpec | None = None) -> PortfolioRun:
    """Run a portfolio over a panel's bars, as `run_portfolio` says it: the bare run, without measures.

    Only one block of `spec.block_bars` bars is in memory at a time; memory grows with the number of bars (48 bytes
    each) and of fills.
    """
    spec = PortfolioSpec() if spec is None else spec
    return run_rows(panel, rows_of(weights, panel, spec), spec)


def run_rows(panel: Panel, rows: TableRows | FunctionRows, spec: PortfolioSpec) -> PortfolioRun:
    """Run rows of weights over a panel; NotEnoughData for fewer than two bars."""
    if len(panel) < 2:
        raise NotEnoughData(f"a portfolio needs at least 2 bars, to decide and to trade; got {len(panel)}")
    book = new_book(spec, len(panel.symbols), panel.actions)
    n = len(panel)
    curves = Curves(np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n, dtype=np.int64))
    fills: list[FloatMatrix] = []
    feed = _Feed(panel, rows, spec)
    for block in panel.blocks(spec.block_bars):
        part = slice(block.start, block.start + len(block))
        out = Curves(*(curve[part] for curve in curves))
        _run_block(book, feed.bars(block), out, fills if spec.keep_fills else None)
    return run_record(panel, spec, curves, book, fills)


def _run_block(book: SharedBook, bars: Bars, curves: Curves, fills: list[FloatMatrix] | None) -> None:
    start, bars_there = 0, bars.years.size
    while start < bars_there:
        start = run_block(book, bars, curves, start)
        written = int(book.account[WRITTEN])
        if fills is not None and written:
            fills.append(book.fills[:written].copy())
        book.account[WRITTEN] = 0.0


class _Feed:
    """Turns blocks of the panel into what the kernel reads: years passed, weights in force, and the calendar."""

    def __init__(self, panel: Panel, rows: TableRows | FunctionRows, spec: PortfolioSpec) -> None:
        self._panel, self._rows, self._spec = panel, rows, spec
        delay = spec.backtest.delay_bars
        self._late_numbers = np.full(delay, -1, dtype=np.int64)
        self._late_due = np.zeros(delay, dtype=np.bool_)

    def bars(self, block: PanelBlock) -> Bars:
        """The block for the kernel."""
        same_close = self._spec.backtest.fill == layout.FILLS[3]
        times = self._panel.opened_at
        due = due_bars(times, self._spec.rebalance, block.start, len(block), same_close=same_close)
        numbers, due = self._delayed(self._rows.numbers(block, due), due)
        known = numbers[numbers >= 0]
        first, stop = (int(known[0]), int(known[-1]) + 1) if known.size else (0, 0)
        years = np.zeros(len(block))
        before = times[max(block.start - 1, 0) : block.start + len(block)]
        years[len(block) - before.size + 1 :] = np.diff(before) / _YEAR_NS
        return Bars(block.values, years, numbers, due, self._rows.rows(first, stop), first, block.start)

    def _delayed(self, numbers: IntVector, due: BoolVector) -> tuple[IntVector, BoolVector]:
        delay = self._late_due.size
        if delay == 0:
            return numbers, due
        numbers, due = np.concatenate([self._late_numbers, numbers]), np.concatenate([self._late_due, due])
        self._late_numbers, self._late_due = numbers[-delay:], due[-delay:]
        return np.ascontiguousarray(numbers[:-delay]), np.ascontiguousarray(due[:-delay])
