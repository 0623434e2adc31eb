"""Sweeps: one strategy, many combinations of parameters, one or many instruments, in one compiled pass each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix
from augury.backtest.account.engine import years_between
from augury.backtest.account.layout import Market, new_state, settings_vector
from augury.backtest.bar_check import known_bars
from augury.backtest.search.grid import combinations_of
from augury.backtest.search.sweep_kernel import MEASURED, QUICK, Blocks, Rules, Search, sweep_chunk
from augury.backtest.search.sweep_result import SweepResult, SymbolSweep
from augury.backtest.search.threads import Track, in_threads
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject, subject_of
from augury.errors import InvalidInput, nearest
from augury.strategies.accepting import as_strategy
from augury.strategies.kernel_form import positions_address, prepare_address
from augury.strategies.strategy import CompiledForm

__all__ = ["SUM_BLOCKS", "Track", "inputs_of", "market_of", "quick_sweep", "rules_of", "search_of", "sweep"]

SUM_BLOCKS = 64
"""Blocks of time whose return sums are kept of each combination, for the ledger."""

MOMENT_BLOCKS = 16
"""Blocks of time whose moments are kept of each combination, for the probability of overfitting."""

_STEPS_A_TASK = 4_000_000
_BLOCKS_UP_TO = 100_000


def untracked(items: Iterable[Any], total: int) -> Iterator[Any]:  # noqa: ARG001
    """Progress that nobody watches."""
    yield from items


def market_of(subject: Subject) -> Market:
    """The kernel's view of a subject's bars."""
    return Market(subject.bars.matrix, years_between(subject.bars), subject.actions)


def rules_of(subject: Subject, spec: BacktestSpec) -> Rules:
    """The kernel's view of the options; delays are refused here, since targets never leave the kernel."""
    if spec.delay_bars:
        raise InvalidInput("a sweep runs without delay_bars; expand single combinations to see them delayed")
    lowest = -spec.leverage if spec.allow_short else 0.0
    return Rules(settings_vector(spec), new_state(spec.initial_cash), subject.periods_per_year, lowest)


def search_of(subject: Subject, params: FloatMatrix) -> Search:
    """The kernel's view of a strategy and its combinations."""
    form = subject.strategy.form
    if not isinstance(form, CompiledForm):
        return Search(0, 0, 0, params)
    return Search(positions_address(form.positions), prepare_address(form.prepare), form.rows, params)


def inputs_of(subject: Subject, params: FloatMatrix) -> FloatMatrix:
    """What the kernel decides from: the strategy's input rows, or a row of targets a combination when it is plain."""
    form = subject.strategy.form
    if isinstance(form, CompiledForm):
        return form.inputs(subject.signal_bars.matrix)
    return np.array([subject.strategy.evaluate(subject.signal_bars, row) for row in params])


@dataclass(frozen=True, slots=True)
class _Task:
    """One chunk of combinations on one instrument."""

    symbol: int
    first: int
    last: int


def sweep(
    strategy: Any,
    bars: Any,
    grid: Mapping[str, Iterable[Any]],
    spec: BacktestSpec | None = None,
    *,
    actions: Mapping[str, FloatMatrix] | FloatMatrix | None = None,
    track: Track = untracked,
) -> SweepResult:
    """Measure every combination of a grid on one or several instruments (`bars`: a frame, or symbol -> frame).

    The numbers are those of single runs to the last bit, for any number of threads; any combination can be expanded to
    a full result. Nothing but the measures is kept: see `sweep_kernel.MEASURES`. A strategy that is not compiled is
    called once a combination, from several threads: it must keep no state. `actions` are corporate actions as for
    `run_backtest`, by symbol where there are several. `track(tasks, total)` wraps the tasks to show progress.

    Nothing is recorded, so a ledger does not count these tries; `augury.run("validate", ...)` writes to one.

    >>> from augury.sample import load_sample
    >>> found = sweep("sma_crossover", load_sample().bars["AAPL"], {"fast": range(5, 30, 5), "slow": [50, 100]})
    >>> len(found.params)
    10
    """
    return _swept(strategy, bars, grid, spec, (actions, track, MEASURED))


def quick_sweep(
    strategy: Any,
    bars: Any,
    grid: Mapping[str, Iterable[Any]],
    spec: BacktestSpec | None = None,
    *,
    actions: Mapping[str, FloatMatrix] | FloatMatrix | None = None,
    track: Track = untracked,
) -> SweepResult:
    """As `sweep`, but only total return, volatility, Sharpe ratio and maximum drawdown of each combination.

    Faster by about a third and without the block sums that a ledger and a proof need: for very large grids, or for a
    first look.
    """
    return _swept(strategy, bars, grid, spec, (actions, track, QUICK))


def _swept(
    strategy: Any,
    bars: Any,
    grid: Mapping[str, Iterable[Any]],
    spec: BacktestSpec | None,
    how: tuple[Mapping[str, FloatMatrix] | FloatMatrix | None, Track, int],
) -> SweepResult:
    actions, track, columns = how
    spec = spec or BacktestSpec()
    universe = dict(bars) if isinstance(bars, Mapping) else {"": bars}
    if not universe:
        raise InvalidInput("expected bars of at least one symbol, got an empty mapping")
    chosen = as_strategy(strategy)
    dealt = _dealt(actions, universe)
    subjects = [
        subject_of(chosen, known_bars(frame), None, spec, str(symbol), dealt.get(symbol))
        for symbol, frame in universe.items()
    ]
    params = combinations_of(subjects[0].strategy, grid)
    parts = [_blank(subject, params, columns) for subject in subjects]
    tasks = [
        _Task(at, first, min(first + chunk, len(params)))
        for at, subject in enumerate(subjects)
        for chunk in (max(1, _STEPS_A_TASK // len(subject.bars)),)
        for first in range(0, len(params), chunk)
    ]
    bundles = _bundled(tasks, [len(subject.bars) for subject in subjects])
    in_threads((partial(_work_through, subjects, params, spec, parts, bundle) for bundle in bundles), track)
    return SweepResult(spec=spec, params=params, parts=tuple(parts))


def _dealt(actions: Any, universe: Mapping[Any, Any]) -> Mapping[Any, FloatMatrix | None]:
    """Corporate actions by symbol; a matrix alone belongs to the only symbol there is."""
    if isinstance(actions, Mapping):
        for symbol in actions:
            if symbol not in universe:
                raise InvalidInput(f"actions are given for {symbol!r}, which has no bars; {nearest(symbol, universe)}")
        return actions
    if actions is not None and len(universe) > 1:
        raise InvalidInput(f"give actions as a mapping by symbol for {len(universe)} symbols, got one matrix")
    return dict.fromkeys(universe, actions)


def _blank(subject: Subject, params: FloatMatrix, columns: int) -> SymbolSweep:
    count, bars = len(params), len(subject.bars)
    keep = columns == MEASURED and count <= _BLOCKS_UP_TO and bars >= 2 * MOMENT_BLOCKS
    rows = count if keep else 0
    return SymbolSweep(
        subject=subject,
        measures=np.full((count, columns), np.nan),
        block_sums=np.empty((rows, min(SUM_BLOCKS, bars))),
        block_moments=np.empty((2, MOMENT_BLOCKS if keep else 0, rows)),
    )


def _bundled(tasks: list[_Task], bars: list[int]) -> list[list[_Task]]:
    """Small tasks put together, in order, until a bundle is worth a thread's while."""
    bundles: list[list[_Task]] = []
    steps = _STEPS_A_TASK
    for task in tasks:
        size = (task.last - task.first) * bars[task.symbol]
        if steps + size > _STEPS_A_TASK:
            bundles.append([])
            steps = 0
        bundles[-1].append(task)
        steps += size
    return bundles


def _work_through(
    subjects: list[Subject], params: FloatMatrix, spec: BacktestSpec, parts: list[SymbolSweep], bundle: list[_Task]
) -> None:
    before = subjects[bundle[0].symbol]
    market = market_of(before)
    for task in bundle:
        subject = subjects[task.symbol]
        if subject.bars.opened_at is before.bars.opened_at:  # neighbours on one calendar share what follows from it
            market = Market(subject.bars.matrix, market.years, subject.actions)
        else:
            market = market_of(subject)
        before = subject
        _work(market, parts[task.symbol], params, spec, task)


def _work(market: Market, part: SymbolSweep, params: FloatMatrix, spec: BacktestSpec, task: _Task) -> None:
    subject, rules = part.subject, rules_of(part.subject, spec)
    chunk = params[task.first : task.last]  # rows of a C-contiguous matrix are one too
    inputs = inputs_of(subject, chunk)
    kept = len(part.block_sums) > 0
    moments = np.empty((2, part.block_moments.shape[1], len(chunk) if kept else 0))
    blocks = Blocks(part.block_sums[task.first : task.last] if kept else part.block_sums, moments)
    measures = part.measures[task.first : task.last]
    wrong = sweep_chunk(market, search_of(subject, chunk), inputs, rules, blocks, measures)
    if wrong >= 0:
        subject.targets(spec, chunk[wrong])
    part.block_moments[:, :, task.first : task.last] = moments
