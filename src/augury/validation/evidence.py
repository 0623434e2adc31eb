"""The figures that a verdict rests on, and how they are gathered from the results of this room's tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.validation.outcome import Outcome, plain
from augury.validation.series import finite_vector
from augury.validation.sharpe_deflation import (
    autocorrelation_factor,
    deflated_sharpe,
    min_track_record,
    probabilistic_sharpe,
    sharpe_moments,
)

if TYPE_CHECKING:
    from augury.validation.bootstrap import BootstrapInterval
    from augury.validation.overfitting import Overfitting
    from augury.validation.permutation import PermutationTest
    from augury.validation.plateau import Plateau
    from augury.validation.regimes import RegimeTable
    from augury.validation.sensitivity import BreakEven, Sensitivity
    from augury.validation.superiority import Superiority
    from augury.validation.trial_groups import EffectiveTrials

__all__ = ["Evidence", "Tests", "gather_evidence"]

_AGGREGATED_BARS = 21  # a month of days: the horizon over which autocorrelation is judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about one strategy, net of costs; None means not tested, NaN that it could not be computed.

    Sharpe ratios are annualised. `trials` counts every variant that was evaluated before this one was shown,
    `effective_trials` the independent ones among them; `record_kept` False says that only the search itself is
    counted, and nobody knows what was tried before it. `out_of_sample` and `net_of_costs` say what the returns are;
    `walk_forward_sharpe` is that of a walk-forward over the same search, on bars that no choice had seen.
    `reasons` pairs the name of a figure with why it is missing.
    """

    sharpe: float | None = None
    sharpe_lower: float | None = None
    sharpe_upper: float | None = None
    confidence: float = 0.95
    bars: int | None = None
    bars_per_year: float = 252.0
    trades: int | None = None
    trials: int | None = None
    effective_trials: float | None = None
    out_of_sample: bool | None = None
    walk_forward_sharpe: float | None = None
    net_of_costs: bool | None = None
    probabilistic_sharpe: float | None = None
    deflated_sharpe: float | None = None
    permutation_p: float | None = None
    walk_forward_permutation_p: float | None = None
    superiority_p: float | None = None
    overfitting_probability: float | None = None
    min_track_record_bars: float | None = None
    sharpe_double_cost: float | None = None
    sharpe_delay_1: float | None = None
    break_even_margin: float | None = None
    plateau_ratio: float | None = None
    largest_trade_share: float | None = None
    largest_year_share: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    autocorrelation_factor: float | None = None
    benchmark_correlation: float | None = None
    alpha_t: float | None = None
    ambiguous_share: float | None = None
    same_bar_fills: bool | None = None
    leaks: int | None = None
    record_kept: bool | None = None
    reasons: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> float | None:
        """The figure of this name, None where it is missing or could not be computed."""
        found = getattr(self, name)
        return None if found is None or math.isnan(found) else float(found)

    def reason(self, name: str) -> str | None:
        """Why the figure of this name is missing, where that was recorded."""
        return dict(self.reasons).get(name)

    @property
    def years(self) -> float | None:
        """Length of the record in years."""
        return None if self.bars is None else self.bars / self.bars_per_year

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, every field present."""
        found = {field.name: plain(getattr(self, field.name)) for field in fields(self)}
        return {**found, "reasons": dict(self.reasons)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """Results to gather from; leave out what was not run. The statistic of `cost` and `delay` is the annual Sharpe."""

    __test__ = False  # not a class of tests for pytest to collect

    interval: BootstrapInterval | None = None
    permutation: PermutationTest | None = None
    walk_forward_permutation: PermutationTest | None = None
    superiority: Superiority | None = None
    overfitting: Overfitting | None = None
    effective: EffectiveTrials | None = None
    cost: Sensitivity | None = None
    delay: Sensitivity | None = None
    break_even: BreakEven | None = None
    plateau: Plateau | None = None
    years: RegimeTable | None = None


def gather_evidence(
    returns: FloatVector,
    tests: Tests | None = None,
    *,
    trials: int | None = None,
    profits: FloatVector | None = None,
    benchmark: FloatVector | None = None,
    bars_per_year: float = 252.0,
) -> Evidence:
    """Evidence from net bar returns float64[n] and the results of the tests that were run on them.

    `trials` is the number tried according to the record (1: nothing was searched), None when nobody kept count; with
    more than one the deflated Sharpe ratio needs `tests.effective`: its count is scaled up where more were tried than
    it saw (and `trials` raised where it saw more). The variance of the tries' Sharpe ratios is taken as 1 / (n - 1),
    what chance alone gives; the one measured between them (`sharpe_variance`) is not used.
    `profits` are the closed trades' net profits. Add what is not derived here (`out_of_sample`, `leaks`, ...) with
    `dataclasses.replace`.

    >>> import numpy as np
    >>> found = gather_evidence(np.random.default_rng(0).normal(0.001, 0.01, 1000), trials=1)
    >>> found.deflated_sharpe == found.probabilistic_sharpe
    True
    """
    if trials is not None and trials < 1:
        raise InvalidInput(f"trials should be at least 1, got {trials}; pass None when nobody kept count")
    tests = tests or Tests()
    if trials is not None and tests.effective is not None:
        trials = max(trials, tests.effective.trials)
    values = finite_vector(returns, "returns")
    annual = math.sqrt(bars_per_year)
    moments = sharpe_moments(values)
    deflated, why = _deflated(values, tests, trials)
    correlation, alpha_t = _against(values, benchmark)
    reasons = [*_reasons(tests), ("deflated_sharpe", why)]
    interval = tests.interval
    return Evidence(
        sharpe=moments.sharpe * annual,
        sharpe_lower=interval.lower if interval else None,
        sharpe_upper=interval.upper if interval else None,
        confidence=interval.confidence if interval else 0.95,
        bars=values.size,
        bars_per_year=bars_per_year,
        trades=None if profits is None else len(profits),
        trials=trials,
        effective_trials=_effective_count(tests.effective, trials),
        probabilistic_sharpe=probabilistic_sharpe(moments),
        deflated_sharpe=deflated,
        permutation_p=tests.permutation.p_value if tests.permutation else None,
        walk_forward_permutation_p=tests.walk_forward_permutation.p_value if tests.walk_forward_permutation else None,
        superiority_p=tests.superiority.p_consistent if tests.superiority else None,
        overfitting_probability=tests.overfitting.probability if tests.overfitting else None,
        min_track_record_bars=min_track_record(moments),
        sharpe_double_cost=tests.cost.at(2.0) if tests.cost else None,
        sharpe_delay_1=tests.delay.at(1.0) if tests.delay else None,
        break_even_margin=tests.break_even.margin if tests.break_even else None,
        plateau_ratio=tests.plateau.ratio if tests.plateau else None,
        largest_trade_share=_largest_share(profits),
        largest_year_share=tests.years.largest_profit_share if tests.years else None,
        skewness=moments.skewness,
        kurtosis=moments.kurtosis,
        autocorrelation_factor=autocorrelation_factor(values, _AGGREGATED_BARS),
        benchmark_correlation=correlation,
        alpha_t=alpha_t,
        reasons=tuple((name, text) for name, text in reasons if text),
    )


def _effective_count(effective: EffectiveTrials | None, trials: int | None) -> float | None:
    """The effective number among those seen, scaled up to all that were tried."""
    if effective is None:
        return None
    return effective.effective * max(1.0, (trials or 1) / effective.trials)


def _deflated(values: FloatVector, tests: Tests, trials: int | None) -> tuple[float | None, str | None]:
    """The deflated Sharpe ratio, or why there is none."""
    moments = sharpe_moments(values)
    if trials is None:
        return None, "the number of variants tried was not recorded"
    if trials == 1:
        return probabilistic_sharpe(moments), moments.reason
    effective = tests.effective
    if effective is None:
        return None, f"{trials} variants were tried but their returns were not kept"
    if effective.reason is not None:
        return None, effective.reason
    # Without skill a variant's Sharpe ratio per bar varies by 1 / (n - 1), whatever the tails (Lo 2002, at zero). That
    # is what the best of many profits from. The variance between the variants as measured also holds what truly sets
    # them apart, so an edge among them would raise the hurdle against itself.
    count = _effective_count(effective, trials)
    variance = 1.0 / max(values.size - 1, 1)
    return deflated_sharpe(moments, variance=variance, trials=count or math.nan), moments.reason


def _reasons(tests: Tests) -> list[tuple[str, str | None]]:
    results: dict[str, Outcome | None] = {
        "sharpe_lower": tests.interval,
        "permutation_p": tests.permutation,
        "walk_forward_permutation_p": tests.walk_forward_permutation,
        "superiority_p": tests.superiority,
        "overfitting_probability": tests.overfitting,
        "effective_trials": tests.effective,
        "sharpe_double_cost": tests.cost,
        "sharpe_delay_1": tests.delay,
        "break_even_margin": tests.break_even,
        "plateau_ratio": tests.plateau,
    }
    return [(name, result.reason) for name, result in results.items() if result is not None]


def _largest_share(profits: FloatVector | None) -> float | None:
    """The best trade's share of all profit; NaN when the trades did not gain together."""
    if profits is None or len(profits) == 0:
        return None
    gained = finite_vector(profits, "profits")
    total = float(gained.sum())
    return float(gained.max()) / total if total > 0.0 else math.nan


def _against(values: FloatVector, benchmark: FloatVector | None) -> tuple[float | None, float | None]:
    """Correlation with the benchmark and t-statistic of alpha (ordinary least squares)."""
    if benchmark is None:
        return None, None
    market = finite_vector(benchmark, "benchmark")
    if market.size != values.size:
        raise InvalidInput(f"expected a benchmark of {values.size} bars, got {market.size}")
    n = values.size
    if n < 20 or np.ptp(market) == 0.0 or np.ptp(values) == 0.0:
        return math.nan, math.nan
    design = np.column_stack([np.ones(n), market])
    solution = np.linalg.lstsq(design, values, rcond=None)[0]
    residual = values - design @ solution
    variance = float(residual @ residual) / (n - 2)
    error = math.sqrt(variance * float(np.linalg.inv(design.T @ design)[0, 0]))
    alpha_t = float(solution[0]) / error if error > 1e-12 * abs(float(values.std())) else math.nan
    return float(np.corrcoef(values, market)[0, 1]), alpha_t
