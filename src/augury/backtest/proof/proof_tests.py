"""The tests of one result, and the evidence they add up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account import layout
from augury.backtest.account.engine import EngineRun, run_engine
from augury.backtest.account.trades import traded_notional
from augury.backtest.proof.proof_spec import ProofSpec
from augury.backtest.result import BacktestResult
from augury.backtest.run import run_subject
from augury.backtest.run_facts import bar_returns
from augury.backtest.search.sweep_result import SweepResult
from augury.backtest.spec import BacktestSpec, CostSpec
from augury.metrics import sharpe
from augury.validation import (
    BlockMoments,
    BootstrapSpec,
    Evidence,
    Overfitting,
    Plateau,
    break_even_cost,
    effective_trials,
    gather_evidence,
    overfitting_probability,
    performance_by_year,
    superiority_test,
)
from augury.validation.bootstrap import BootstrapInterval, bootstrap_intervals
from augury.validation.evidence import Tests
from augury.validation.plateau import grid_plateau
from augury.validation.sensitivity import BreakEven, Sensitivity
from augury.validation.superiority import Superiority
from augury.validation.trial_groups import EffectiveTrials

__all__ = [
    "COST_MULTIPLES",
    "DELAYS",
    "Tried",
    "break_even_of",
    "effective_on_record",
    "evidence_of",
    "intervals_of",
    "run_tests",
    "untouched",
    "varied_runs",
]

DELAYS = (0, 1, 2, 5)
COST_MULTIPLES = (0.0, 0.5, 1.0, 2.0, 3.0)
_MOST_COMPARED = 2_000
_LEAST_GRID = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tried:
    """What was tried on the same data according to a record, this result or search included.

    `configurations` different ones, `effective` of them independent; `sharpes` float64[configurations] per bar, NaN
    where unknown, or none at all.
    """

    configurations: int
    effective: float
    sharpes: FloatVector = field(default_factory=lambda: np.empty(0), repr=False)
    source: str = ""


def run_tests(
    result: BacktestResult,
    benchmark: FloatVector,
    spec: ProofSpec,
    *,
    sweep: SweepResult | None,
    tried: Tried | None,
    window: tuple[int, int] | None = None,
) -> Tests:
    """Every test but the bootstrap (see `intervals_of`) and the permutations, on bars first..last-1 of `window`."""
    first, last = window or (0, len(result.run.bars))
    returns, annual = result.returns[first:last], result.subject.periods_per_year
    again = _again(result)

    def rerun(delay: int, factor: float) -> float:
        costs = result.spec.costs.scaled(factor)
        if costs is None:
            return float("nan")
        changed = result.spec.replace(delay_bars=result.spec.delay_bars + delay, costs=costs)
        run = again(changed)
        return sharpe(bar_returns(changed.initial_cash, run.equity)[first:last], annual)

    return Tests(
        superiority=_superiority(result, benchmark, spec, sweep, (first, last)),
        overfitting=None if sweep is None else _overfitting(sweep),
        effective=effective_on_record(sweep, tried),
        cost=varied_runs("cost multiple", COST_MULTIPLES, [rerun(0, factor) for factor in COST_MULTIPLES], 1.0),
        delay=varied_runs("delay in bars", DELAYS, [rerun(delay, 1.0) for delay in DELAYS], 0.0),
        break_even=_break_even(result, first, last),
        plateau=None if sweep is None else _plateau(sweep),
        years=performance_by_year(returns, result.run.bars.opened_at[first:last], bars_per_year=annual),
    )


def _again(result: BacktestResult) -> Callable[[BacktestSpec], EngineRun]:
    """The same positions, or what else was given, under other options."""
    subject, run = result.subject, result.run
    if subject.given is not None:
        return lambda spec: run_subject(subject, spec)
    asked = run.targets if result.spec.delay_bars == 0 else subject.targets(result.spec)
    return lambda spec: run_engine(run.bars, asked, spec, actions=run.actions)


def intervals_of(
    returns: FloatVector,
    bars_per_year: float,
    spec: ProofSpec,
    statistics: tuple[str, ...] = ("sharpe", "cagr", "max_drawdown"),
) -> tuple[BootstrapInterval, ...]:
    """Bootstrap intervals of Sharpe ratio, growth and deepest drawdown, from the same resamples."""
    options = BootstrapSpec(replications=spec.replications, confidence=spec.confidence, bars_per_year=bars_per_year)
    return bootstrap_intervals(returns, statistics, options, seed=spec.seed)


def untouched(sweep: SweepResult | None, tried: Tried | None) -> bool | None:
    """Whether nothing was chosen on these data: the result is the only one ever tried there; None: nobody knows."""
    if sweep is not None:
        return False
    return None if tried is None else tried.configurations <= 1


def varied_runs(varied: str, settings: tuple[float, ...], values: list[float], base: float) -> Sensitivity:
    """The values of a statistic at these settings, `base` being the setting as it was run."""
    reference = values[settings.index(base)]
    return Sensitivity(
        method=f"re-run with another {varied}",
        reason=None if np.isfinite(reference) else "the Sharpe ratio is undefined as it was run",
        varied=varied,
        settings=tuple(float(setting) for setting in settings),
        values=tuple(values),
        retained=tuple(value / reference if reference > 0.0 else float("nan") for value in values),
    )


def _break_even(result: BacktestResult, first: int, last: int) -> BreakEven:
    fills, n = result.run.fills, len(result.run.bars)
    spent = fills[:, layout.FILL_COMMISSION] + fills[:, layout.FILL_SLIPPAGE]
    paid = np.bincount(fills[:, layout.FILL_BAR].astype(np.int64), spent, minlength=n)
    before = np.concatenate(([result.spec.initial_cash], result.run.equity[:-1]))
    rows = np.stack([result.returns, paid, traded_notional(result.run), before])
    return break_even_of(rows[:, first:last], result.spec.costs)


def break_even_of(rows: FloatMatrix, costs: CostSpec) -> BreakEven:
    """The costs at which nothing is left, from returns, costs paid, value traded and equity before, float64[4, n]."""
    returns, paid, traded, before = rows
    before = np.where(before > 0.0, before, np.inf)  # nothing is traded after ruin
    assumed = costs.commission_rate + costs.slippage_rate + costs.half_spread_rate
    return break_even_cost(returns + paid / before, traded / before, assumed=assumed or None)


def _superiority(
    result: BacktestResult,
    benchmark: FloatVector,
    spec: ProofSpec,
    sweep: SweepResult | None,
    window: tuple[int, int],
) -> Superiority | None:
    """Hansen's test of the best of all combinations against buy and hold; None for more than can be compared."""
    part = slice(*window)
    if sweep is None:
        candidates = result.returns[None, part]
    elif len(sweep) > _MOST_COMPARED:
        return None
    else:
        candidates = _trial_returns(sweep, result)[:, part]
    return superiority_test(np.ascontiguousarray(candidates), benchmark[part], seed=spec.seed)


def _trial_returns(sweep: SweepResult, result: BacktestResult) -> FloatMatrix:
    """Bar returns of every combination, float64[m, n]."""
    part = sweep.part(result.symbol if len(sweep.parts) > 1 else None)
    subject = part.subject
    rows = np.empty((len(sweep), len(subject.bars)))
    for row, values in zip(rows, sweep.params, strict=True):
        row[:] = bar_returns(sweep.spec.initial_cash, run_subject(subject, sweep.spec, values).equity)
    return rows


def _overfitting(sweep: SweepResult) -> Overfitting | None:
    part = sweep.parts[0]
    moments = part.block_moments
    if moments.shape[2] < 2:
        return None
    blocks = moments.shape[1]
    counts = np.full(blocks, float(len(part.subject.bars) // blocks))
    return overfitting_probability(BlockMoments(counts=counts, sums=moments[0], squares=moments[1]))


def effective_on_record(sweep: SweepResult | None, tried: Tried | None) -> EffectiveTrials | None:
    """Independent trials among everything on record, or, without a record, among this search."""
    own = None if sweep is None or not len(sweep.parts[0].block_sums) else effective_trials(sweep.parts[0].block_sums)
    if tried is None:
        return own
    known = tried.sharpes[np.isfinite(tried.sharpes)]
    least = 1.0 if own is None or not own.computed else own.effective
    return EffectiveTrials(
        method="independent trials on record",
        effective=max(tried.effective, least),
        trials=max(tried.configurations, 1 if sweep is None else len(sweep)),
        undefined=tried.configurations - known.size,
        periods=0,
        threshold=0.5,
        sharpe_variance=float(known.var(ddof=1)) if known.size > 1 else float("nan"),
        groups=np.empty(0, dtype=np.int64),
    )


def _plateau(sweep: SweepResult) -> Plateau | None:
    """Whether the best combination stands among good ones; None for a search too small to tell."""
    if len(sweep) < _LEAST_GRID:
        return None
    axes = [np.unique(column) for column in sweep.params.T]
    grid = np.full([axis.size for axis in axes], np.nan)
    at = tuple(np.searchsorted(axis, column) for axis, column in zip(axes, sweep.params.T, strict=True))
    grid[at] = sweep.measured("sharpe")
    return grid_plateau(grid.squeeze())


def evidence_of(
    result: BacktestResult,
    tests: Tests,
    benchmark: FloatVector,
    *,
    tried: Tried | None,
    window: tuple[int, int] | None = None,
) -> Evidence:
    """The evidence that tests and trades add up to; without a record the tries are those of the search, if any."""
    first, last = window or (0, len(result.run.bars))
    trades = result.trade_list
    searched = None if tests.effective is None else tests.effective.trials
    evidence = gather_evidence(
        result.returns[first:last],
        tests,
        trials=searched if tried is None else max(tried.configurations, 1),
        profits=trades.closed_profits(),
        benchmark=benchmark[first:last],
        bars_per_year=result.subject.periods_per_year,
    )
    bars_with_exits = max(1, len(trades))
    spent = result.costs["commission"] + result.costs["slippage"]
    return replace(
        evidence,
        net_of_costs=bool(spent > 0.0 or len(trades) == 0),
        same_bar_fills=result.spec.fill == "same_close",
        ambiguous_share=float(result.run.state[layout.AMBIGUOUS]) / bars_with_exits,
    )
