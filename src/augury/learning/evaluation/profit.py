"""What the implied positions earn, net of costs, through the backtester: each symbol, and all with equal weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.result import BacktestResult
from augury.backtest.run import run_backtest
from augury.backtest.spec import BacktestSpec
from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.dataset import Dataset
from augury.learning.evaluation.positions import PositionSpec, implied_positions
from augury.learning.evaluation.predictions import Predictions
from augury.learning.evaluation.scores import Paths, paths_given
from augury.market.bars import BarArrays
from augury.metrics import periods_per_year
from augury.strategies import strategy_from_array
from augury.validation.block_length import optimal_block_length
from augury.validation.bootstrap import BootstrapInterval, BootstrapSpec, bootstrap_interval, bootstrap_intervals
from augury.validation.seeds import Seed, seed_number

__all__ = ["Profit", "SymbolProfit", "profit_of"]

_STATISTICS = ("sharpe", "cagr", "max_drawdown")
_NOTES = (
    "Positions are decided on out-of-fold rows only and flat elsewhere.",
    "Symbols are combined by the mean of their bar returns: equal weights, kept equal at no cost.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolProfit:
    """One symbol's account over its out-of-fold time; returns are fractions, `costs` a fraction of the initial cash.

    `sharpe` is annual and has an interval, or the reason why there is none. `exposed` is the share of bars with a
    position.
    """

    symbol: str
    bars: int
    trades: int
    total_return: float
    max_drawdown: float
    costs: float
    exposed: float
    sharpe: BootstrapInterval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profit:
    """The P&L of a model's implied positions, net of costs.

    `sharpe`, `cagr` and `max_drawdown` are those of the equal-weight combination, `hold_sharpe` that of holding the
    same symbols over the same time, `sharpe_gain` their paired difference; `path_sharpes` holds one figure a
    combinatorial path, of which the first is reported in full. `returns` float64[T] are the combination's simple
    returns at `opened_at` (ns UTC).
    """

    symbols: tuple[SymbolProfit, ...]
    first: pd.Timestamp
    last: pd.Timestamp
    sharpe: BootstrapInterval
    cagr: BootstrapInterval
    max_drawdown: BootstrapInterval
    hold_sharpe: BootstrapInterval
    sharpe_gain: BootstrapInterval
    path_sharpes: tuple[float, ...]
    positions: PositionSpec
    backtest: BacktestSpec
    notes: tuple[str, ...]
    returns: FloatVector = field(repr=False)
    opened_at: IntVector = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """The accounts of one path by symbol number, and the combination of their returns with that of holding."""

    results: dict[int, BacktestResult]
    opened_at: IntVector
    returns: FloatVector
    held: FloatVector


def profit_of(
    given: Paths,
    dataset: Dataset,
    positions: PositionSpec | None = None,
    backtest: BacktestSpec | None = None,
    *,
    actions: Mapping[str, FloatMatrix] | None = None,
    seed: Seed = 0,
) -> Profit:
    """Turn out-of-fold predictions into positions, run them on each symbol's bars, and combine the symbols.

    A position decided at the close of a row's bar is taken at the next open unless the backtest's `fill` says
    otherwise. Each account runs from the symbol's first out-of-fold row to the end of its last decision. `actions` are
    corporate actions by symbol, float64[3, bars of that symbol]. Raises NotEnoughData below 2 bars of a symbol,
    InvalidInput when it cannot be told how many bars make a year.
    """
    positions, backtest = positions or PositionSpec(), backtest or BacktestSpec()
    positions = positions.replace(hold_bars=positions.hold_bars or dataset.spec.every_bars)
    paths, number = paths_given(given), seed_number(seed)
    run = partial(_runs, dataset=dataset, positions=positions, backtest=backtest, actions=actions or {})
    runs = [run(said) for said in paths]
    whole = runs[0]
    yearly = backtest.periods_per_year or periods_per_year(whole.opened_at)
    if not math.isfinite(yearly):
        raise InvalidInput("cannot tell how many bars make a year; pass periods_per_year in the BacktestSpec")
    spec = BootstrapSpec(bars_per_year=yearly)
    sharpe, growth, drawdown = bootstrap_intervals(whole.returns, _STATISTICS, spec, seed=number)
    return Profit(
        symbols=tuple(_of_symbol(result, dataset.symbols[at], spec, number) for at, result in whole.results.items()),
        first=pd.Timestamp(int(whole.opened_at[0]), tz="UTC"),
        last=pd.Timestamp(int(whole.opened_at[-1]), tz="UTC"),
        sharpe=sharpe,
        cagr=growth,
        max_drawdown=drawdown,
        hold_sharpe=bootstrap_intervals(whole.held, ("sharpe",), spec, seed=number)[0],
        sharpe_gain=_gain(whole, spec, number),
        path_sharpes=tuple(_sharpe(one.returns, yearly) for one in runs),
        positions=positions,
        backtest=backtest,
        notes=_notes(whole),
        returns=whole.returns,
        opened_at=whole.opened_at,
    )


def _runs(
    said: Predictions,
    dataset: Dataset,
    positions: PositionSpec,
    backtest: BacktestSpec,
    actions: Mapping[str, FloatMatrix],
) -> _Runs:
    results: dict[int, BacktestResult] = {}
    for at in np.unique(said.symbol).tolist():
        bars, name = dataset.inputs.bars[at], dataset.symbols[at]
        target = implied_positions(said, at, len(bars), positions)
        rows = said.bar[said.symbol == at]
        part = slice(int(rows.min()), min(int(rows.max()) + (positions.hold_bars or 1) + 1, len(bars)))
        if part.stop - part.start < 2:
            raise NotEnoughData(f"expected at least 2 bars of {name!r} with out-of-fold rows, got 1")
        cut = BarArrays(bars.opened_at[part].copy(), np.ascontiguousarray(bars.matrix[:, part]))
        steps = actions.get(name)
        results[at] = run_backtest(
            strategy_from_array(target[part], name="implied positions"),
            cut,
            spec=backtest,
            symbol=name,
            actions=None if steps is None else np.ascontiguousarray(steps[:, part]),
        )
    times = np.unique(np.concatenate([result.run.bars.opened_at for result in results.values()]))
    total, held, count = np.zeros(times.size), np.zeros(times.size), np.zeros(times.size)
    for result in results.values():
        place = np.searchsorted(times, result.run.bars.opened_at)
        close = result.run.bars.matrix[3]
        total[place] += result.returns
        held[place[1:]] += close[1:] / close[:-1] - 1.0
        count[place] += 1.0
    return _Runs(results=results, opened_at=times, returns=total / count, held=held / count)


def _of_symbol(result: BacktestResult, symbol: str, spec: BootstrapSpec, seed: int) -> SymbolProfit:
    cash = result.spec.initial_cash
    equity = np.concatenate([[cash], result.run.equity])
    paid = sum(result.costs[kind] for kind in ("commission", "slippage", "borrowing"))
    return SymbolProfit(
        symbol=symbol,
        bars=len(result.run.bars),
        trades=len(result.trade_list),
        total_return=float(equity[-1] / cash - 1.0),
        max_drawdown=float((equity / np.maximum.accumulate(equity) - 1.0).min()),
        costs=float(paid / cash),
        exposed=float((result.run.units != 0.0).mean()),
        sharpe=bootstrap_intervals(result.returns, ("sharpe",), spec, seed=seed)[0],
    )


def _gain(runs: _Runs, spec: BootstrapSpec, seed: int) -> BootstrapInterval:
    """The combination's Sharpe ratio less that of holding, times resampled together."""

    def sharpe_gain(places: FloatVector) -> float:
        rows = places.astype(np.int64)
        return _sharpe(runs.returns[rows], spec.bars_per_year) - _sharpe(runs.held[rows], spec.bars_per_year)

    length = optimal_block_length(runs.returns - runs.held)
    block = max(length.stationary, 1.0) if length.computed else None
    return bootstrap_interval(
        np.arange(runs.returns.size, dtype=np.float64), sharpe_gain, spec.replace(block_bars=block), seed=seed
    )


def _sharpe(returns: FloatVector, yearly: float) -> float:
    spread = float(returns.std(ddof=1)) if returns.size > 1 else 0.0
    return float(returns.mean()) / spread * float(np.sqrt(yearly)) if spread > 1e-14 else float("nan")


def _notes(runs: _Runs) -> tuple[str, ...]:
    from_runs = dict.fromkeys(note for result in runs.results.values() for note in result.notes)
    return (*_NOTES, *from_runs)
