"""Trades and equity equal to vectorbt's under its fill rules, on real bars.

Rules that differ, and how they are matched:

- vectorbt fills at the price it is given in the bar of the signal: the next open is its `open` with signals moved one
  bar on; its close is our `same_close`.
- Its all-in order (`size=inf`) spends all cash on units, fees and slippage: our weight of 1. It sizes shorts by free
  cash, we by equity after costs: shorts are given our units.
- Its stops and targets start at the bar after the entry and are measured from the entry bar's close unless told
  otherwise; they exit without slippage by default. With entries at the close we start there too; `FillPrice` measures
  from the fill, and slippage is 0 where there are stops.
- A stop exit hides the signals of its bar in vectorbt, while we let a signal at that close be followed: such signals
  are taken out on both sides.
- vectorbt takes a target that is touched, we one that is traded through: real prices times 1.08 do not meet it exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from augury.backtest import BacktestSpec, CostSpec, EngineRun, ExitSpec
from augury.backtest.account import layout as at
from augury.backtest.orders.signals import Signals, run_signal_engine
from augury.market.bars import BarArrays

CASH = 100_000.0
COSTS = CostSpec(commission_rate=0.001, slippage_rate=0.0005, borrow_rate=0.0, margin_interest_rate=0.0)
NO_SLIP = COSTS.replace(slippage_rate=0.0)


class Case(NamedTuple):
    spec: BacktestSpec
    short: bool = False
    size: float = 1.0


def spec_of(fill: str, costs: CostSpec, **exits: float) -> BacktestSpec:
    return BacktestSpec(initial_cash=CASH, fill=fill, costs=costs, exits=ExitSpec(**exits), maintenance_margin=0.0)  # type: ignore[arg-type]


CASES = {
    "long at the next open": Case(spec_of("next_open", COSTS)),
    "long at the close": Case(spec_of("same_close", COSTS)),
    "short at the next open": Case(spec_of("next_open", COSTS), short=True, size=0.5),
    "long with stop and target": Case(spec_of("same_close", NO_SLIP, stop_loss=0.05, take_profit=0.08)),
    "long with a trailing stop": Case(spec_of("same_close", NO_SLIP, trailing_stop=0.06)),
    "short with stop and target": Case(
        spec_of("same_close", NO_SLIP, stop_loss=0.05, take_profit=0.08), short=True, size=0.5
    ),
}


class Cell(NamedTuple):
    """A column of the peer's tables."""

    bars: np.ndarray
    entries: np.ndarray
    exits: np.ndarray
    amount: np.ndarray
    case: Case


class Both(NamedTuple):
    ours: dict[tuple[str, str], EngineRun]
    values: pd.DataFrame
    trades: pd.DataFrame
    columns: list[tuple[str, str]]


def our_run(bars: BarArrays, entries: np.ndarray, exits: np.ndarray, case: Case) -> EngineRun:
    flags = {"short_entries" if case.short else "long_entries": entries}
    flags["short_exits" if case.short else "long_exits"] = exits
    none = np.zeros(len(bars), dtype=np.bool_)
    return run_signal_engine(bars, Signals(**{"long_entries": none} | flags, size=case.size), case.spec)


def without_signals_at_stops(
    bars: BarArrays, entries: np.ndarray, exits: np.ndarray, case: Case
) -> tuple[np.ndarray, np.ndarray, EngineRun]:
    while True:
        run = our_run(bars, entries, exits, case)
        why = run.fills[:, at.FILL_WHY]
        stops = run.fills[(why >= at.STOPPED) & (why <= at.TRAILED), at.FILL_BAR].astype(int)
        if not (entries[stops] | exits[stops]).any():
            return entries, exits, run
        entries, exits = entries.copy(), exits.copy()
        entries[stops] = exits[stops] = False


@pytest.fixture(scope="module")
def both(real_bars: dict[str, BarArrays], crossings: Callable[..., Any]) -> Both:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vbt = pytest.importorskip("vectorbt", reason="vectorbt is not installed: parity with it is not checked")
        enums = pytest.importorskip("vectorbt.portfolio.enums")
    ours, cells = {}, {}
    n = len(real_bars["IBM"])
    for ticker, bars in real_bars.items():
        for name, case in CASES.items():
            up, down = crossings(bars, 8, 21)
            entries, exits = (down, up) if case.short else (up, down)
            entries, exits, run = without_signals_at_stops(bars, entries, exits, case)
            ours[ticker, name] = run
            moved = case.spec.fill == "next_open"
            shift = (lambda flags: np.concatenate([[False], flags[:-1]])) if moved else (lambda flags: flags)
            amount = np.full(n, np.inf)
            if case.short:
                opening = run.fills[run.fills[:, at.FILL_HELD] != 0.0]
                amount[opening[:, at.FILL_BAR].astype(int)] = np.abs(opening[:, at.FILL_UNITS])
            cells[ticker, name] = Cell(bars.matrix, shift(entries), shift(exits), amount, case)
    columns = list(cells)

    def wide(pick: Callable[..., Any]) -> pd.DataFrame:
        return pd.DataFrame({i: pick(cells[column]) for i, column in enumerate(columns)})

    def row(pick: Callable[[Case], float | None]) -> np.ndarray:
        values = [pick(cell.case) for cell in cells.values()]
        return np.array([[np.nan if value is None else value for value in values]], dtype=float)

    short = np.tile([cell.case.short for cell in cells.values()], (n, 1))
    entries, exits = wide(lambda cell: cell.entries), wide(lambda cell: cell.exits)
    trail = row(lambda c: c.spec.exits.trailing_stop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        portfolio = vbt.Portfolio.from_signals(
            wide(lambda cell: cell.bars[3]),
            entries=entries & ~short,
            exits=exits & ~short,
            short_entries=entries & short,
            short_exits=exits & short,
            size=wide(lambda cell: cell.amount),
            price=wide(lambda cell: cell.bars[0 if cell.case.spec.fill == "next_open" else 3]),
            fees=0.001,
            slippage=row(lambda c: c.spec.costs.slippage_rate),
            open=wide(lambda cell: cell.bars[0]),
            high=wide(lambda cell: cell.bars[1]),
            low=wide(lambda cell: cell.bars[2]),
            sl_stop=np.where(np.isnan(trail), row(lambda c: c.spec.exits.stop_loss), trail),
            sl_trail=~np.isnan(trail),
            tp_stop=row(lambda c: c.spec.exits.take_profit),
            stop_entry_price=enums.StopEntryPrice.FillPrice,
            init_cash=CASH,
            use_stops=True,
            freq="1D",
            engine="numba",
        )
        return Both(ours, portfolio.value(), portfolio.trades.records, columns)


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize("ticker", ["AAPL", "IBM", "MSFT"])
def test_trades_and_equity_equal_those_of_vectorbt(
    both: Both, flat_trades: Callable[[EngineRun], np.ndarray], ticker: str, name: str
) -> None:
    run, column = both.ours[ticker, name], both.columns.index((ticker, name))
    theirs = both.trades[both.trades["col"] == column]
    closed = theirs[theirs["status"] == 1]
    sign = np.where(closed["direction"] == 1, -1.0, 1.0)
    expected = np.column_stack(
        [
            closed["entry_idx"],
            closed["exit_idx"],
            closed["size"] * sign,
            closed["entry_price"],
            closed["exit_price"],
            closed["pnl"],
        ]
    )
    got = flat_trades(run)
    assert len(got) >= 20
    np.testing.assert_array_equal(got[:, :2], expected[:, :2])
    np.testing.assert_allclose(got[:, 2:], expected[:, 2:], rtol=1e-9, atol=1e-9 * CASH)
    np.testing.assert_allclose(run.equity, both.values[column], rtol=1e-9)
    if CASES[name].spec.exits.any:
        assert {at.STOPPED, at.TAKEN} <= set(run.fills[:, at.FILL_WHY]) or at.TRAILED in run.fills[:, at.FILL_WHY]
