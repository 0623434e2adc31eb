"""One pass per combination of parameters: positions, fills and measures over scratch that stays in the cache."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numba import types

from augury.backtest.account.layout import FILL_BAR, FILL_COLUMNS, FILL_HELD, FILLED, LEVERAGE, STATE, Book, Market
from augury.backtest.account.plain_kernel import is_plain, run_plain
from augury.backtest.account.records import BOOK, MARKET, MATRIX, VECTOR
from augury.backtest.account.target_kernel import run_targets
from augury.backtest.account.trade_kernel import IS_OPEN, PROFIT, TRADE_COLUMNS, round_trips
from augury.metrics.curve_kernels import (
    deviation_of,
    lane_sum,
    lane_sum_centred_squares,
    lane_sum_squares,
    max_drawdown,
    ratio,
    returns_with_sum,
)
from augury.metrics.headline_kernels import headline, reward_ratio
from augury.metrics.side_kernels import sided_sums
from augury.numerics.compile import inlined, kernel
from augury.strategies.kernel_form import call_positions, call_prepare
from augury.validation.permutation_kernels import draw_order, permute_bars

__all__ = [
    "MEASURED",
    "MEASURES",
    "QUICK",
    "QUICK_MEASURES",
    "Blocks",
    "Rules",
    "Search",
    "best_of_permutations",
    "sweep_chunk",
]

MEASURES: Final = (
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "calmar",
    "trades",
    "win_rate",
    "profit_factor",
    "exposure",
    "final_equity",
)
"""What a sweep measures of each combination; the first seven come from `metrics.headline_kernels`."""

MEASURED: Final = len(MEASURES)

QUICK_MEASURES: Final = ("total_return", "volatility", "sharpe", "max_drawdown")
"""What a quick sweep measures: what most searches are ranked by, with the same bits."""

QUICK: Final = len(QUICK_MEASURES)
_DRAWDOWN, _TRADES, _WIN_RATE, _PROFIT_FACTOR, _EXPOSURE, _FINAL = 5, 7, 8, 9, 10, 11
_FILLS_A_BAR = 3  # exit at the open, entry at the open, exit inside the bar


class Rules(NamedTuple):
    """How every combination is run: settings float64[SETTINGS], the state to begin with, bars that make a year.

    `lowest` is the least target that is allowed: 0 without shorts.
    """

    settings: Any
    initial: Any
    periods_per_year: Any
    lowest: Any


class Search(NamedTuple):
    """What is searched: addresses of the strategy's kernels, its input rows, params float64[m, p].

    `prepare` 0: the bars are the inputs. `positions` 0: row i of the inputs holds the targets of combination i.
    """

    positions: Any
    prepare: Any
    rows: Any
    params: Any


class Scratch(NamedTuple):
    """Arrays of one run, used again for each combination."""

    targets: Any
    book: Any
    changes: Any
    returns: Any
    state: Any
    trades: Any


class Blocks(NamedTuple):
    """Where sums of returns by block of time go: sums float64[m, B], moments float64[2, S, m]; both may be empty."""

    sums: Any
    moments: Any


INTS = types.int64[::1]
SCRATCH = types.NamedTuple((VECTOR, BOOK, INTS, VECTOR, VECTOR, MATRIX), Scratch)
RULES = types.NamedTuple((VECTOR, VECTOR, types.float64, types.float64), Rules)
SEARCH = types.NamedTuple((types.int64, types.int64, types.int64, MATRIX), Search)
BLOCKS = types.NamedTuple((MATRIX, types.float64[:, :, ::1]), Blocks)


@inlined
def new_scratch(bars: Any) -> Any:
    fills = _FILLS_A_BAR * bars + 8
    return Scratch(
        np.empty(bars),
        Book(np.empty(bars), np.empty((fills, FILL_COLUMNS))),
        np.empty(bars + 1, dtype=np.int64),
        np.empty(bars),
        np.empty(STATE),
        np.empty((fills + 1, TRADE_COLUMNS)),
    )


def new_scratch_arrays(bars: int) -> Scratch:
    """Scratch for a run over so many bars, made outside a kernel."""
    made: Scratch = new_scratch(bars)
    return made


@inlined
def within(targets: Any, rules: Any) -> Any:
    """Whether every target is a number within the leverage cap, and not below 0 where shorts are not allowed."""
    low, high = rules.lowest, rules.settings[LEVERAGE]
    inside = 0
    for t in range(targets.shape[0]):
        inside += 1 if low <= targets[t] <= high else 0
    return inside == targets.shape[0]


@kernel(types.boolean(MARKET, RULES, SCRATCH))
def run_combination(market: Any, rules: Any, scratch: Any) -> Any:
    """Run the targets in the scratch: by the plain loop where that suffices, else by the full one.

    False when a target is not allowed, see `within`; it is run all the same, cut to the cap. (Where the plain loop
    covers a run it has looked at every target.)
    """
    state = scratch.state
    state[:] = rules.initial
    if is_plain(rules.settings) and market.actions.shape[1] == 0:
        if run_plain(market, scratch.targets, rules.settings, state, scratch.book, scratch.changes):
            return rules.lowest <= -rules.settings[LEVERAGE] or within(scratch.targets, rules)
        state[:] = rules.initial
    run_targets(market, scratch.targets, rules.settings, state, scratch.book, 0)
    return within(scratch.targets, rules)


@kernel(types.void(MARKET, VECTOR, SCRATCH, VECTOR))
def _measure_trades(market: Any, factors: Any, scratch: Any, out: Any) -> None:
    """Trades, win rate, profit factor and exposure of a run into its row of measures."""
    fills, count, n = scratch.book.fills, int(scratch.state[FILLED]), market.bars.shape[1]
    found = round_trips(fills, count, factors, market.bars[3, n - 1], n - 1, scratch.trades)
    profits, closed = scratch.returns, 0
    for i in range(found):
        if scratch.trades[i, IS_OPEN] == 0.0:
            profits[closed] = scratch.trades[i, PROFIT]
            closed += 1
    gained, lost, wins, _ = sided_sums(profits[:closed])
    held = 0
    for i in range(count):
        until = int(fills[i + 1, FILL_BAR]) if i + 1 < count else n
        if fills[i, FILL_HELD] != 0.0:
            held += until - int(fills[i, FILL_BAR])
    out[_TRADES] = closed
    out[_WIN_RATE] = ratio(float(wins), float(closed))
    out[_PROFIT_FACTOR] = ratio(gained, lost)
    out[_EXPOSURE] = ratio(float(held), float(n))


@kernel(types.void(VECTOR, BLOCKS, types.int64))
def _sum_blocks(returns: Any, blocks: Any, trial: Any) -> None:
    """Sums over B blocks (b * n // B on), and moments over S blocks of equal length (the first n % S bars left out)."""
    n = returns.shape[0]
    count = blocks.sums.shape[1]
    for b in range(count):
        blocks.sums[trial, b] = lane_sum(returns[b * n // count : (b + 1) * n // count])
    count = blocks.moments.shape[1]
    length = n // max(count, 1)
    for b in range(count):
        part = returns[n - length * (count - b) : n - length * (count - b - 1)]
        blocks.moments[0, b, trial] = lane_sum(part)
        blocks.moments[1, b, trial] = lane_sum_squares(part)


@inlined
def decide(search: Any, inputs: Any, i: Any, targets: Any) -> Any:
    """Targets of combination i: from the strategy's kernel, or row i of the inputs when there is none."""
    if search.positions != 0:
        call_positions(search.positions, (inputs, search.params[i], targets))
    else:
        targets[:] = inputs[i]


@inlined
def _returns_to_ruin(initial: Any, equity: Any, returns: Any) -> Any:
    """Bar returns of a curve that fell to 0 or below: after that nothing moves, which `headline` leaves undefined."""
    before = initial
    for t in range(equity.shape[0]):
        returns[t] = equity[t] / before - 1.0 if before > 0.0 else 0.0
        before = equity[t]


@inlined
def _split_factors(actions: Any) -> Any:
    """Cumulative split ratios float64[n], empty without corporate actions."""
    factors = np.empty(actions.shape[1])
    grown = 1.0
    for t in range(factors.shape[0]):
        grown *= actions[0, t]
        factors[t] = grown
    return factors


@kernel(types.void(types.float64, VECTOR, types.float64, VECTOR, VECTOR))
def _measure_quickly(initial: Any, equity: Any, periods_per_year: Any, returns: Any, out: Any) -> None:
    """The four of `QUICK_MEASURES`, as `headline` defines them."""
    depth, _, _ = max_drawdown(initial, equity)
    out[0] = equity[equity.size - 1] / initial - 1.0
    out[1], out[2], out[3] = np.nan, np.nan, depth
    if depth > -1.0:
        mean = returns_with_sum(initial, equity, returns) / returns.size
        deviation = deviation_of(lane_sum_centred_squares(returns, mean), mean, returns.size)
        out[1] = deviation * sqrt(periods_per_year)
        out[2] = reward_ratio(mean, deviation, periods_per_year)


@kernel(types.int64(MARKET, SEARCH, MATRIX, RULES, BLOCKS, MATRIX))
def sweep_chunk(market: Any, search: Any, inputs: Any, rules: Any, blocks: Any, out: Any) -> Any:
    """Measures of every combination of `search.params` into out float64[m, MEASURED]; -1, or the first that is wrong.

    With out float64[m, QUICK] only those are measured, and no blocks.

    A combination is wrong when a target is NaN, beyond the leverage cap, or short where that is not allowed. `inputs`
    are what `prepare` made of the bars that the strategy sees.
    """
    n = market.bars.shape[1]
    scratch, factors = new_scratch(n), _split_factors(market.actions)
    for i in range(search.params.shape[0]):
        decide(search, inputs, i, scratch.targets)
        if not run_combination(market, rules, scratch):
            return i
        if out.shape[1] == QUICK:
            _measure_quickly(rules.initial[0], scratch.book.equity, rules.periods_per_year, scratch.returns, out[i])
            continue
        headline(rules.initial[0], scratch.book.equity, rules.periods_per_year, scratch.returns, out[i])
        if blocks.sums.shape[0] > 0:
            if out[i, _DRAWDOWN] <= -1.0:
                _returns_to_ruin(rules.initial[0], scratch.book.equity, scratch.returns)
            _sum_blocks(scratch.returns, blocks, i)
        _measure_trades(market, factors, scratch, out[i])
        out[i, _FINAL] = scratch.book.equity[n - 1]
    return -1


@kernel(types.void(MARKET, SEARCH, RULES, MATRIX, INTS, VECTOR))
def best_of_permutations(market: Any, search: Any, rules: Any, relatives: Any, plan: Any, out: Any) -> None:
    """The best value of one measure over all combinations, on permuted histories, into out float64[m].

    `plan` int64[5]: seed, number of the first permutation, first bar that may move, bars a block, index of the measure.
    NaN where every combination is undefined. Targets that could not be held are cut to the leverage cap.
    """
    n = market.bars.shape[1]
    scratch = new_scratch(n)
    bars, orders = np.empty((5, n)), np.empty((2, n), dtype=np.int64)
    inputs = np.empty((search.rows, n))
    permuted = Market(bars, market.years, market.actions)
    row = np.empty(MEASURED)
    for r in range(out.shape[0]):
        draw_order(plan[0], plan[1] + r, plan[2], plan[3], orders)
        permute_bars(market.bars, relatives, plan[2], orders, bars)
        if search.prepare != 0:
            call_prepare(search.prepare, (bars, inputs))
        best = np.nan
        for i in range(search.params.shape[0]):
            decide(search, inputs if search.prepare != 0 else bars, i, scratch.targets)
            run_combination(permuted, rules, scratch)
            headline(rules.initial[0], scratch.book.equity, rules.periods_per_year, scratch.returns, row)
            value = row[plan[4]]
            if not best >= value and not np.isnan(value):
                best = value
        out[r] = best
